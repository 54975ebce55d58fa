"""Tensors of a file: safetensors, or what PyTorch saves. Nothing that a file holds is ever run.

A PyTorch file is a pickle, a small program, and `torch.load` runs one unless told otherwise: so it is told
``weights_only``, with which it makes tensors and plain containers and refuses the rest (PyTorch, "Serialization
semantics"). A file that holds a whole module needs its code, and is refused.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.errors import InputError

Arrays = dict[str, NDArray[Any]]
"""Tensors by key."""

#: Kinds of the safetensors format that NumPy has as well; bfloat16 comes extra.
_KINDS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
#: Where training programs put the tensors, by what they call it; the averaged ones are the better ones.
_WRAPPINGS = (
    *("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model_state", "model", "network", "net"),
    *("weights", "params", "teacher", "student"),
)
#: How often tensors may share their numbers, taken over a file, or its parts be packed; and bytes that do not matter.
_MOST_SHARED, _SPARE = 4, 1 << 20
#: What wrappers put before every key: data parallel training, compiled models, Lightning and the like.
_PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "network.", "net.")


def read_tensors(data: bytes, path: Path) -> Arrays:
    """Reads the tensors of a file, whatever it is called.

    Args:
        data: Its content.
        path: For messages.

    Returns:
        By key, without what a training program wrapped around; real numbers as float32.

    Raises:
        InputError: ``weights-file``: it holds no tensors, is damaged, or a whole module.
    """
    if is_torch_file(data) and not _is_safetensors(data):
        return _strip(_read_torch(data, path))
    return _strip(parse_safetensors(data, path))


def is_torch_file(data: bytes) -> bool:
    """Whether it begins as a file of `torch.save`: a zip since 1.6, before that a pickle of protocol 2 or later."""
    return data[:4] == b"PK\x03\x04" or (data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"))


def _is_safetensors(data: bytes) -> bool:
    """Whether a header of JSON follows the length of a header: the length may look like the start of another file."""
    return data[8:9] == b"{" and 8 + int.from_bytes(data[:8], "little") <= len(data)


def parse_safetensors(data: bytes, path: Path) -> Arrays:
    """Tensors of a safetensors file: 8 bytes with the length of a JSON header, the header, the numbers.

    Args:
        data: Content of the file.
        path: For messages.

    Raises:
        InputError: ``weights-file``: it is no such file, or damaged.
    """
    import safetensors

    try:
        # Its reader checks that the parts neither overlap nor leave gaps.
        tensors = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
        arrays = {name: _as_array(told["dtype"], told["shape"], told["data"]) for name, told in tensors}
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise refuse(path, "it is no safetensors or PyTorch file, or it is damaged") from error
    if not arrays:
        raise refuse(path, "it holds no tensors")
    return arrays


def write_safetensors(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """A safetensors file of these arrays; equal arrays give equal bytes."""
    from safetensors.numpy import save

    # Not np.ascontiguousarray: it gives a counter of no dimension one.
    return save({name: np.array(arrays[name], order="C") for name in sorted(arrays)})


def read_header(data: bytes) -> dict[str, Any]:
    """The ``__metadata__`` of a safetensors file; empty where there is none."""
    try:
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + min(length, 100 << 20)])
    except (struct.error, ValueError, RecursionError):
        return {}
    told = header.get("__metadata__") if isinstance(header, dict) else None
    return told if isinstance(told, dict) else {}


def _as_array(kind: str, shape: list[int], data: bytes | bytearray) -> NDArray[Any]:
    if kind == "BF16":  # the upper half of a float32
        wide = np.frombuffer(data, "<u2").astype("<u4") << np.uint32(16)
        return wide.view("<f4").reshape(shape)
    return _as_numbers(np.frombuffer(data, _KINDS[kind]).reshape(shape))


def _as_numbers(array: NDArray[Any]) -> NDArray[Any]:
    """float32 for all real numbers, int64 for counts, as the networks want them."""
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is too large becomes no number, and is said
            return array.astype(np.float32)
    return array.astype(np.int64) if array.dtype.kind in "iu" else array.copy()


def _read_torch(data: bytes, path: Path) -> Arrays:
    import warnings

    import torch

    parts = _parts(data)
    # Before the sizes: PyTorch packs the code of TorchScript, and only that, tighter.
    if any(part.filename.endswith("/constants.pkl") for part in parts):
        raise _refuse_code(path)
    # What PyTorch saves is not packed; who opens it as a .zip and saves it again packs it a little.
    if sum(part.file_size for part in parts) > _MOST_SHARED * len(data) + _SPARE:
        raise refuse(path, "it unpacks to many times its size")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle can raise anything
        # By name: this module has no other use for the one that defines it.
        if type(error).__name__ == "UnpicklingError":
            raise _refuse_code(path) from error
        raise refuse(path, "it is damaged") from error
    tensors = {str(key): value for key, value in _unwrap(content).items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise refuse(path, "it holds no tensors by name")
    if any(value.is_sparse or value.is_quantized or value.is_complex() for value in tensors.values()):
        raise refuse(path, "its tensors are sparse, quantised or complex")
    # A few bytes can be shown as a tensor of any size.
    if sum(value.numel() * value.element_size() for value in tensors.values()) > _MOST_SHARED * len(data) + _SPARE:
        raise refuse(path, "its tensors are larger than the file")
    try:
        return {key: _from_torch(value) for key, value in tensors.items()}
    except Exception as error:  # there are kinds of tensors that hold no numbers
        raise refuse(path, "its tensors hold no plain numbers") from error


def _parts(data: bytes) -> list[zipfile.ZipInfo]:
    """The parts of a zip; none for what is none. PyTorch stores those of a state_dict as they are."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return []


def _from_torch(tensor: Any) -> NDArray[Any]:
    plain = tensor.detach()
    array: NDArray[Any] = (plain.float() if plain.is_floating_point() else plain).contiguous().numpy()
    return _as_numbers(array)


def _unwrap(content: Any) -> Mapping[Any, Any]:
    """The mapping that holds the tensors, however deep a training program put it."""
    for _ in range(4):
        if not isinstance(content, Mapping):
            return {}
        inner = next((content[key] for key in _WRAPPINGS if isinstance(content.get(key), Mapping)), None)
        if not inner:
            return content
        content = inner
    return {}


def _strip(arrays: Arrays) -> Arrays:
    """Takes away what stands before every key."""
    while prefix := next((one for one in _PREFIXES if all(key.startswith(one) for key in arrays)), ""):
        arrays = {key.removeprefix(prefix): array for key, array in arrays.items()}
    return arrays


def refuse(path: Path, reason: str) -> InputError:
    """An error for a file of weights that cannot be used."""
    return InputError(
        f"{path} cannot be used as weights: {reason}.",
        remedy="Copy or fetch it again; weights come as .safetensors, or as .pt, .pth or .bin with a state_dict.",
        file=path,
        code="weights-file",
    )


def _refuse_code(path: Path) -> InputError:
    return InputError(
        f"{path} holds a whole module or other objects, not only tensors; reading it would run code from the file.",
        remedy="Where it was made, and is trusted, load it there and save its tensors: "
        "safetensors.torch.save_file(model.state_dict(), 'weights.safetensors'). Then import that file.",
        file=path,
        code="weights-code",
    )
