"""Which names of networks are known, and which one may have been meant. No torch until a name of timm is asked for."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from typing import Any

from wetread.errors import InputError
from wetread.weights.timm_alone import load_timm

#: Our own networks; see ``small_networks.py``.
OURS = ("small", "carpentries", "dense")

#: What people say -> what timm calls it. Spelling alone (``Inception-v3``, ``resnet 18``) needs no entry.
ALIASES = {
    "teachablemachine": "mobilenetv2_035",
    "lakhani": "inception_v3",
    "chexnet": "densenet121",
    "fashionmnist": "dense",
    "inception": "inception_v3",
    "densenet": "densenet121",
    "resnet": "resnet18",
    "mobilenet": "mobilenetv3_large_100",
    "mobilenetv1": "mobilenetv1_100",
    "mobilenetv2": "mobilenetv2_100",
    "mobilenetv3": "mobilenetv3_large_100",
    "mobilenetv3large": "mobilenetv3_large_100",
    "mobilenetv3small": "mobilenetv3_small_100",
    "efficientnet": "efficientnet_b0",
    "convnext": "convnext_nano",
    "vgg": "vgg16",
    "xception": "legacy_xception",
    "dinov2": "vit_small_patch14_dinov2",
}

#: Arguments of timm.create_model that read files, reach for the net, or are decided elsewhere; so are rates of dropout.
_NOT_OPTIONS = ("pretrained", "checkpoint", "cache", "feature", "num_classes", "in_chans", "scriptable", "exportable")


def check_network(name: str) -> str:
    """Makes sure that a network of this name can be built.

    Args:
        name: ``small``, ``carpentries``, ``dense``, an architecture of timm, or an alias such as ``inceptionv3`` or
            ``DenseNet-121``; what timm puts behind a dot, the name of a set of weights, does not matter.

    Returns:
        The name that `build_network` uses.

    Raises:
        InputError: Nothing is called like that; the nearest names are offered. Code ``unknown-network``.
    """
    if name in OURS:
        return name
    plain = _plain(name.split(".")[0])
    known = ALIASES.get(plain) or _names_by_spelling().get(plain)
    if known is None:
        raise InputError(
            f"No network is called {name!r}.",
            remedy=f"Nearest names: {', '.join(nearest_names(name))}.",
            code="unknown-network",
        )
    return known


def nearest_names(name: str, most: int = 4) -> list[str]:
    """The known names that look most like a given one, best first; our own networks where nothing does."""
    spelled = _names_by_spelling()
    everything = {**{_plain(one): one for one in OURS}, **spelled, **ALIASES}
    found = [everything[one] for one in difflib.get_close_matches(_plain(name), everything, 3 * most, 0.5)]
    return list(dict.fromkeys(found))[:most] or list(OURS)


def check_options(options: Mapping[str, Any]) -> None:
    """Makes sure that options of a network change its shape and nothing else.

    They may come from a plan or a model folder of somebody else, and timm has arguments that open files.

    Raises:
        InputError: An option is not allowed. Code ``network-option``.
    """
    for option, value in options.items():
        plain = value is None or isinstance(value, bool | int | float | str)
        numbers = isinstance(value, list | tuple) and all(isinstance(one, bool | int | float) for one in value)
        if option.startswith(_NOT_OPTIONS) or "drop" in option or not (plain or numbers):
            raise InputError(
                f"{option} is no option of a network.",
                remedy="Options are those arguments of timm that shape the network, such as img_size.",
                code="network-option",
            )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@functools.cache
def _names_by_spelling() -> dict[str, str]:
    names = {_plain(name): name for name in load_timm().list_models()}
    return {**names, **{_plain(one): one for one in OURS}}
