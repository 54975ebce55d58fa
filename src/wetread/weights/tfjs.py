"""The frozen base in a Teachable Machine export: TensorFlow.js layers to tensors of timm, with NumPy alone.

An export of an image model is ``model.json`` (layers of Keras, and a manifest of tensors) with ``weights.bin`` (the
tensors one after the other, little-endian) and ``metadata.json``. Its base is MobileNetV2 without top, width 0.35
(Sandler et al., CVPR 2018), and was frozen: it is the same in every export.

What differs between Keras and timm, and is taken care of here or told to timm:

- Kernels lie ``row column in out`` there and ``out in row column`` here; those of depthwise layers ``row column
  channel 1`` and ``channel 1 row column``.
- Padding of layers with stride 2 is zero on the left and one on the right there ("same" of TensorFlow): ``pad_type``.
- Batch normalisation adds 0.001 to the variance, not 0.00001: ``bn_eps``.
- Pixels are scaled to [-1, 1]: mean and deviation 0.5.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.errors import InputError
from wetread.weights.bundle import Bundle
from wetread.weights.read import Arrays

MODEL = "model.json"
#: Arguments of `timm.create_model` that make timm's network compute what Keras's does.
OPTIONS: dict[str, Any] = {"pad_type": "same", "bn_eps": 1e-3}
#: SHA-256 of the base of width 0.35, as `hash_base` takes it: the same in all exports looked at, from 2022 to 2025.
BASE = "ee5b607dd0e96d06e0583fad110737beab97a838a7e42e85b3af7ed1a05ff0d6"
_MOST_BYTES = 64 << 20
#: Blocks per stage after the first block; MobileNetV2, table 2.
_STAGES = (2, 3, 4, 3, 3, 1)
#: Channels of the last block -> timm's network; it tells the width.
_NETWORKS = {112: "mobilenetv2_035", 160: "mobilenetv2_050", 240: "mobilenetv2_075", 320: "mobilenetv2_100"}
_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def read_export(bundle: Bundle) -> tuple[str, Arrays, str]:
    """Reads the base of an export.

    Args:
        bundle: What holds ``model.json`` and the files it names.

    Returns:
        The network of timm, its tensors without classifier, and the SHA-256 of the base as it lay there.

    Raises:
        InputError: ``teachable-machine``: it is no image model, is damaged or incomplete.
    """
    tensors = {name: array for name, array in _read_manifest(bundle).items() if not name.startswith("dense")}
    try:
        arrays = dict(_convert(tensors))
    except (KeyError, ValueError) as error:
        raise _refuse(bundle.path, "its layers are not those of a Teachable Machine image model") from error
    network = _NETWORKS.get(arrays["conv_head.weight"].shape[1])
    if network is None:
        raise _refuse(bundle.path, "its MobileNetV2 has a width that timm does not know")
    return network, arrays, hash_base(tensors)


def hash_base(tensors: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of tensors as little-endian float32, one after the other in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(np.ascontiguousarray(tensors[name], "<f4").tobytes())
    return digest.hexdigest()


def _read_manifest(bundle: Bundle) -> dict[str, NDArray[np.float32]]:
    try:
        groups = json.loads(bundle.read(MODEL, _MOST_BYTES))["weightsManifest"]
        listed = [(list(group["paths"]), list(group["weights"])) for group in groups]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refuse(bundle.path, f"{MODEL} is no model of TensorFlow.js, or damaged") from error
    tensors: dict[str, NDArray[np.float32]] = {}
    for paths, entries in listed:
        data = b"".join(bundle.read(_beside(bundle, path), _MOST_BYTES) for path in paths)
        tensors |= _cut(bundle.path, data, entries)
    return tensors


def _beside(bundle: Bundle, name: Any) -> str:
    # Only what lies beside model.json: a manifest may name any path.
    if not isinstance(name, str) or name not in bundle.names:
        raise _refuse(bundle.path, "a file that it names is not there; weights.bin belongs beside model.json")
    return name


def _cut(path: Path, data: bytes, entries: list[Any]) -> dict[str, NDArray[np.float32]]:
    """Cuts the bytes of one group into its tensors."""
    tensors: dict[str, NDArray[np.float32]] = {}
    start = 0
    try:
        for entry in entries:
            name, shape = str(entry["name"]), [int(length) for length in entry["shape"]]
            if entry["dtype"] != "float32" or "quantization" in entry:
                raise _refuse(path, "its numbers are quantised; export the model again without that")
            count = int(np.prod(shape, dtype=np.int64))
            tensors[name] = np.frombuffer(data, "<f4", count, start).reshape(shape).astype(np.float32)
            start += 4 * count
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise _refuse(path, "its tensors are cut short or damaged") from error
    if start != len(data):
        raise _refuse(path, "its tensors are cut short or damaged")
    if not all(np.isfinite(array).all() for array in tensors.values()):
        raise _refuse(path, "some of its weights are no numbers")
    return tensors


def _convert(tensors: Mapping[str, NDArray[np.float32]]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yields key and tensor of timm for every tensor of Keras; raises KeyError for one that is missing."""
    yield from _layer(tensors, "Conv1", "conv_stem", "bn_Conv1", "bn1")
    first = "expanded_conv"  # the first block widens nothing
    yield from _layer(tensors, f"{first}_depthwise", "blocks.0.0.conv_dw", f"{first}_depthwise_BN", "blocks.0.0.bn1")
    yield from _layer(tensors, f"{first}_project", "blocks.0.0.conv_pw", f"{first}_project_BN", "blocks.0.0.bn2")
    number = 0
    for stage, count in enumerate(_STAGES, start=1):
        for place in range(count):
            number += 1
            block, here = f"block_{number}", f"blocks.{stage}.{place}"
            parts = (("expand", "conv_pw", "bn1"), ("depthwise", "conv_dw", "bn2"), ("project", "conv_pwl", "bn3"))
            for part, convolution, norm in parts:
                yield from _layer(
                    tensors, f"{block}_{part}", f"{here}.{convolution}", f"{block}_{part}_BN", f"{here}.{norm}"
                )
    yield from _layer(tensors, "Conv_1", "conv_head", "Conv_1_bn", "bn2")


def _layer(
    tensors: Mapping[str, NDArray[np.float32]], layer: str, to: str, norm: str, norm_to: str
) -> Iterator[tuple[str, NDArray[Any]]]:
    """A convolution without bias, and the batch normalisation behind it."""
    if layer.endswith("_depthwise"):
        kernel = tensors[f"{layer}/depthwise_kernel"].transpose(2, 3, 0, 1)
    else:
        kernel = tensors[f"{layer}/kernel"].transpose(3, 2, 0, 1)
    yield f"{to}.weight", np.ascontiguousarray(kernel)
    for there, here in _NORM.items():
        values = tensors[f"{norm}/{there}"]
        if values.shape != (kernel.shape[0],):
            raise ValueError
        yield f"{norm_to}.{here}", values
    yield f"{norm_to}.num_batches_tracked", np.zeros((), np.int64)


def _refuse(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path} is no Teachable Machine export that can be used: {reason}.",
        remedy="In Teachable Machine, export an image project with Export Model, Tensorflow.js, Download.",
        file=path,
        code="teachable-machine",
    )
