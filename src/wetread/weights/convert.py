"""Keys of other programs to those of timm. Recognised by the tensors themselves, since file names say nothing.

- TorchXRayVision's DenseNet-121: the keys are timm's; its first layer takes one channel, and its classifier is dropped.
- DINOv2 as Hugging Face's transformers saves it, and so RAD-DINO: query, key and value are three tensors there and one
  here; everything else has another name only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wetread.weights.read import Arrays

#: Length of the embedding -> timm's network; DINOv2 giant has another kind of layer and is not among them.
_DINOV2 = {384: "vit_small_patch14_dinov2", 768: "vit_base_patch14_dinov2", 1024: "vit_large_patch14_dinov2"}
#: Parts of a layer that have one name in both.
_SAME = ("norm1", "norm2", "mlp.fc1", "mlp.fc2")
#: Query, key, value and output of a layer, as files have them, and as transformers names them since version 5.
_ATTENTION = (
    ("attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense"),
    ("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj"),
)
_NUMBER = re.compile(r"encoder\.layer\.(\d+)\.")


@dataclass(frozen=True)
class Recognised:
    """Tensors by the keys of a timm network, and what is known from them alone.

    Attributes:
        network: As timm calls it.
        arrays: Without classifier.
        facts: Fields of `Facts` that follow.
    """

    network: str
    arrays: Arrays
    facts: dict[str, Any] = field(default_factory=dict)


def recognise(arrays: Arrays) -> Recognised | None:
    """Finds out whether tensors are of a kind that has to be converted; None where they are not."""
    if any(key.startswith("dinov2.") for key in arrays):  # with a classifier behind it
        arrays = {key.removeprefix("dinov2."): array for key, array in arrays.items() if key.startswith("dinov2.")}
    if "embeddings.patch_embeddings.projection.weight" in arrays:
        return _from_dinov2(arrays)
    first = arrays.get("features.conv0.weight")
    if first is not None and first.shape == (64, 1, 7, 7) and "features.norm5.weight" in arrays:
        return _from_xrv(arrays)
    return None


def _from_xrv(arrays: Arrays) -> Recognised | None:
    if arrays["features.norm5.weight"].shape != (1024,) or "features.denseblock4.denselayer17.conv1.weight" in arrays:
        return None  # another depth
    kept = {key: array for key, array in arrays.items() if key.startswith("features.")}
    # Trained on [-1024, 1024], which is (2 p - 1) * 1024 for a pixel p in [0, 1] (torchxrayvision, utils.normalize).
    facts = {"side": 224, "channels": 1, "mean": (0.5,), "deviation": (0.5 / 1024,), "features": 1024}
    return Recognised("densenet121", kept, facts)


def _from_dinov2(arrays: Arrays) -> Recognised | None:
    projection = arrays["embeddings.patch_embeddings.projection.weight"]
    network = _DINOV2.get(projection.shape[0])
    if network is None or projection.shape[2:] != (14, 14) or "embeddings.register_tokens" in arrays:
        return None
    try:
        converted = _convert_dinov2(arrays)
    except KeyError:
        return None
    side = 14 * round(float(arrays["embeddings.position_embeddings"].shape[1] - 1) ** 0.5)
    facts: dict[str, Any] = {"side": side, "channels": projection.shape[1], "features": projection.shape[0]}
    if side != 518:  # what timm takes for granted
        facts["options"] = {"img_size": side}
    return Recognised(network, converted, facts)


def _convert_dinov2(arrays: Arrays) -> Arrays:
    converted = {
        "cls_token": arrays["embeddings.cls_token"],
        "pos_embed": arrays["embeddings.position_embeddings"],
        "norm.weight": arrays["layernorm.weight"],
        "norm.bias": arrays["layernorm.bias"],
    }
    for kind in ("weight", "bias"):
        converted[f"patch_embed.proj.{kind}"] = arrays[f"embeddings.patch_embeddings.projection.{kind}"]
    layers = {int(match[1]) for key in arrays if (match := _NUMBER.match(key))}
    for number in layers:
        there, here = f"encoder.layer.{number}", f"blocks.{number}"
        attention = next((one for one in _ATTENTION if f"{there}.{one[0]}.weight" in arrays), _ATTENTION[0])
        for kind in ("weight", "bias"):
            *parts, output = (arrays[f"{there}.{part}.{kind}"] for part in attention)
            converted[f"{here}.attn.qkv.{kind}"] = np.concatenate(parts)
            converted[f"{here}.attn.proj.{kind}"] = output
            for name in _SAME:
                converted[f"{here}.{name}.{kind}"] = arrays[f"{there}.{name}.{kind}"]
        for scale in ("1", "2"):
            converted[f"{here}.ls{scale}.gamma"] = arrays[f"{there}.layer_scale{scale}.lambda1"]
    return converted
