"""What goes beside the tensors: the network, its input, licence and origin.

It stands in the ``config.json`` of a timm repository, in the ``preprocessor_config.json`` of transformers, in the
catalogue, or, for the input of a network, in timm itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from wetread.errors import InputError
from wetread.weights.catalogue import KnownWeights
from wetread.weights.stored import OPTIONS, Facts
from wetread.weights.timm_alone import load_timm

#: Reads a small file by name; None where there is none.
Reader = Callable[[str], bytes | None]

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"


def read_config(read: Reader) -> dict[str, Any]:
    """What the config files beside the tensors say, as fields of `Facts`; only what is sound.

    Args:
        read: Gives ``config.json`` and ``preprocessor_config.json``.
    """
    config, processor = _load(read, CONFIG), _load(read, PREPROCESSOR)
    told = config.get("pretrained_cfg") if isinstance(config.get("pretrained_cfg"), dict) else {}
    assert isinstance(told, dict)
    facts: dict[str, Any] = {}
    if isinstance(config.get("architecture"), str) and re.fullmatch(r"[a-z0-9_]{1,80}", config["architecture"]):
        facts["network"] = config["architecture"]
    facts |= _input(told.get("input_size"), told.get("mean"), told.get("std"))
    facts |= _processor_input(processor)
    arguments = config.get("model_args")
    if isinstance(arguments, dict):
        facts["options"] = {
            key: value for key, value in arguments.items() if key in OPTIONS and isinstance(value, str | int | float)
        }
    if isinstance(told.get("license"), str) and told["license"]:
        facts["licence"] = told["license"][:200]
    return facts


def from_catalogue(known: KnownWeights) -> dict[str, Any]:
    """What the catalogue says, as fields of `Facts`."""
    names = ("network", "options", "licence", "cite", "side", "channels", "mean", "deviation", "features")
    return {name: getattr(known, name) for name in names}


def from_timm(network: str) -> dict[str, Any]:
    """Input that timm states for a network; empty where it knows none of that name. Loads timm, and so torch.

    Args:
        network: As timm calls it; with a tag behind a dot, the input of the weights of that tag.

    Raises:
        InputError: ``unknown-network``: the network has no weights of that tag.
    """
    timm = load_timm()
    try:
        told = timm.models.get_pretrained_cfg(network) if timm.is_model(network) else None
    except RuntimeError as error:
        plain, _, tag = network.partition(".")
        raise InputError(
            f"timm knows no weights {tag!r} of {plain}.",
            remedy=f"Name the network alone: {plain}.",
            code="unknown-network",
        ) from error
    if told is None:
        return {}
    return _input(told.input_size, told.mean, told.std)


def default_weights(network: str) -> str:
    """The weights that timm takes for a network when nothing else is said, such as ``resnet34.a1_in1k``; "" if none."""
    timm = load_timm()
    told = timm.models.get_pretrained_cfg(network) if timm.is_model(network) else None
    return str(told.hf_hub_id or "").removeprefix("timm/") if told is not None else ""


def fit_channels(facts: dict[str, Any], channels: int) -> dict[str, Any]:
    """Mean and deviation for another number of channels: those of a grey input are the means of the colours'."""
    told = {"mean": tuple(facts.get("mean", Facts.mean)), "deviation": tuple(facts.get("deviation", Facts.deviation))}
    spans = {key: values for key, values in told.items() if len(values) != channels}
    changed: dict[str, Any] = {key: (sum(values) / len(values),) * channels for key, values in spans.items()}
    return {**facts, **changed, "channels": channels}


def read_licence(card: bytes | None) -> str:
    """The licence that the card of a hub repository (``README.md``) names in its header; empty where it names none."""
    match = re.match(r"---\s*\n(.*?)\n---", (card or b"").decode("utf-8", "replace"), re.DOTALL)
    header = match[1] if match else ""
    lines = re.findall(r"^(license|license_name|license_link):[ \t]*['\"]?([^\n'\"]{1,200})", header, re.MULTILINE)
    told = dict(lines)
    named = told.get("license_name") if told.get("license", "other").strip() == "other" else None
    parts = [named or told.get("license", ""), told.get("license_link", "")]
    return ", ".join(part.strip() for part in parts if part.strip())


def _load(read: Reader, name: str) -> dict[str, Any]:
    try:
        content = json.loads(read(name) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _input(size: Any, mean: Any, deviation: Any) -> dict[str, Any]:
    """``channel row column``, mean and deviation as fields, each only where it makes sense."""
    facts: dict[str, Any] = {}
    if _numbers(size, 3) and 0 < size[0] <= 16 and 0 < size[1] <= 4096:
        facts |= {"channels": int(size[0]), "side": int(size[1])}
    if _numbers(mean) and _numbers(deviation, len(mean)) and min(deviation) > 0:
        facts |= {"mean": tuple(map(float, mean)), "deviation": tuple(map(float, deviation))}
    return facts


def _processor_input(processor: dict[str, Any]) -> dict[str, Any]:
    size = processor.get("crop_size") if processor.get("do_center_crop") else processor.get("size")
    side = size.get("height", size.get("shortest_edge")) if isinstance(size, dict) else size
    return _input([3, side, side], processor.get("image_mean"), processor.get("image_std"))


def _numbers(values: Any, count: int | None = None) -> bool:
    return (
        isinstance(values, list | tuple)
        and 0 < len(values) <= 16
        and (count is None or len(values) == count)
        and all(isinstance(value, int | float) and math.isfinite(value) for value in values)
    )
