"""A file, a folder or a .zip of weights -> the weights home. Works without internet."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from wetread.errors import InputError, Stopped
from wetread.progress import Listener, StepFinished, StepStarted, silent
from wetread.weights import tfjs
from wetread.weights.bundle import Bundle
from wetread.weights.catalogue import CATALOGUE, KnownWeights
from wetread.weights.convert import recognise
from wetread.weights.describe import Reader, fit_channels, from_catalogue, from_timm, read_config
from wetread.weights.read import Arrays, read_tensors, write_safetensors
from wetread.weights.stored import Facts, StoredWeights, check_name, is_finite, store

STEP = "weights"
#: Says why tensors do not fit a network with some options; empty where they do.
Check = Callable[[str, Mapping[str, Any], Arrays], str]

#: Gives the name that timm has for a network, however it is spelled; raises `InputError` where there is none.
Spell = Callable[[str], str]

_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")
#: Names that say nothing about what is in a file.
_PLAIN = {"model", "pytorch_model", "weights", "best", "last", "checkpoint"}

#: What the families of timm call their first convolution.
_FIRST = (
    *("conv_stem.weight", "conv1.weight", "conv1.0.weight", "features.conv0.weight", "stem.0.weight"),
    *("stem.conv.weight", "stem.conv1.weight", "patch_embed.proj.weight", "Conv2d_1a_3x3.conv.weight"),
)


def import_file(
    path: Path,
    *,
    name: str | None = None,
    network: str | None = None,
    licence: str | None = None,
    check: Check,
    spell: Spell = str,
    listen: Listener = silent,
) -> StoredWeights:
    """Takes weights from a file, a folder or a .zip; the original is left as it is.

    Args:
        path: A safetensors or PyTorch file; a folder or .zip with one, and perhaps a ``config.json``; a Teachable
            Machine export.
        name: What to call them; by default the name in the catalogue, or of the file.
        network: The architecture, where nothing beside the tensors says so; with a tag of timm behind a dot, their
            input is that of the weights of that tag.
        licence: Its name, where it is known.
        check: Compares tensors and network.
        spell: Gives the name that timm has for a network.
        listen: Is told about progress.

    Raises:
        InputError: The file holds no weights, would run code, or belongs to another network.
        OutputError: The weights home cannot be written.
        Stopped: The user interrupted; nothing is left.
    """
    started = time.perf_counter()
    listen(StepStarted(STEP, f"Reading {path.name}"))
    try:
        if name is not None:
            check_name(name)
        network = _spell_out(network, spell) if network else None
        with Bundle(_around(path)) as bundle:
            if tfjs.MODEL in bundle.names:
                facts, arrays = read_base(bundle, name)
            else:
                facts, arrays = _read_file(bundle, name, network, spell)
        if licence:
            facts = replace(facts, licence=licence)
        stored = keep(facts, arrays, check, path)
    except KeyboardInterrupt as error:
        raise Stopped("Stopped. Nothing was imported.", remedy="Repeat the command.", file=path) from error
    listen(StepFinished(STEP, time.perf_counter() - started, f"{stored.name}, {stored.network}"))
    return stored


def keep(facts: Facts, arrays: Arrays, check: Check, path: Path) -> StoredWeights:
    """Stores tensors that fit their network; raises `InputError` where they do not."""
    require_fit(facts, arrays, check, path)
    return store(facts, write_safetensors(arrays))


def require_fit(facts: Facts, arrays: Arrays, check: Check, path: Path) -> None:
    """Raises `InputError` where tensors are no numbers, or not those of the network."""
    if not is_finite(arrays):
        raise InputError(
            f"{path} holds weights that are no numbers: the training they come from broke down.",
            remedy="Use an earlier checkpoint.",
            file=path,
            code="weights-file",
        )
    reason = check(facts.network, facts.options, arrays)
    if reason:
        raise InputError(
            f"{path} does not hold the weights of {facts.network}. {reason}".strip(),
            remedy="Name the network they were trained in with --network, as timm calls it.",
            file=path,
            code="weights-network",
        )


def make_facts(
    arrays: Arrays, read: Reader, known: KnownWeights | None, network: str | None, path: Path, spell: Spell = str
) -> tuple[dict[str, Any], Arrays]:
    """Puts together what is known of tensors, from the least to the most particular source.

    Args:
        arrays: As they were read.
        read: Gives the config files beside them.
        known: Of the catalogue.
        network: As the user named it, by timm's name; a tag may follow.
        path: For messages.
        spell: Gives the name that timm has for a network.

    Returns:
        Fields of `Facts` without a name, and the tensors by the keys of timm.
    """
    config = read_config(read)
    found = recognise(arrays)
    told = from_catalogue(known) if known else {}
    architecture = network or (found.network if found else None) or config.get("network") or told.get("network")
    if not architecture:
        raise InputError(
            f"Nothing says which network the weights in {path} belong to.",
            remedy="Name it with --network, as timm calls it, such as resnet18; or put config.json beside the file.",
            file=path,
            code="no-network",
        )
    # Before timm is asked: of another spelling it knows no input, and nothing would say so.
    architecture = _spell_out(architecture, spell)
    usual = from_timm(architecture)
    architecture = architecture.partition(".")[0]
    facts = {**usual, **told, **config, **(found.facts if found else {}), "network": architecture}
    if told:  # read by a person, and says more than a word
        facts["licence"] = told["licence"]
    return facts, (found.arrays if found else arrays)


def read_base(bundle: Bundle, name: str | None) -> tuple[Facts, Arrays]:
    """Reads the base of a Teachable Machine export; raises `InputError` where it is another one than it is called."""
    network, arrays, base = tfjs.read_export(bundle)
    known = CATALOGUE["teachable-machine"]
    if base != tfjs.BASE and name in (None, known.name):
        raise InputError(
            f"The base of {bundle.path} is not the one that all Teachable Machine exports share.",
            remedy="If you trust it, import it under another name with --name.",
            file=bundle.path,
            code="teachable-machine",
        )
    facts = from_catalogue(known) | {"network": network, "options": dict(tfjs.OPTIONS)}
    original = {"file": bundle.path.name, "sha256 of base": base}
    source = "A Teachable Machine export, its frozen base."
    return Facts(name=name or known.name, source=source, original=original, **facts), arrays


def _around(path: Path) -> Path:
    """The folder of a ``model.json``, whose other files lie beside it; any other path as it is."""
    try:
        return path.parent if path.name == tfjs.MODEL and path.is_file() else path
    except OSError:  # `Bundle` says so
        return path


def _spell_out(network: str, spell: Spell) -> str:
    """The name that timm has for a network; a tag stays behind it."""
    _, dot, tag = network.partition(".")
    return spell(network) + dot + tag


def _read_file(bundle: Bundle, name: str | None, network: str | None, spell: Spell) -> tuple[Facts, Arrays]:
    file = _choose(bundle)
    data = bundle.read(file)
    original = {"file": file, "sha256": hashlib.sha256(data).hexdigest()}
    arrays = read_tensors(data, bundle.path)
    del data
    chosen = name or _name_of(bundle, file)
    known = CATALOGUE.get(chosen)
    if known is not None and network not in (None, known.network, known.name):
        known = None
    facts, arrays = make_facts(arrays, bundle.beside, known, network, bundle.path, spell)
    facts = fit_channels(facts, channels_of(arrays) or facts.get("channels", 3))
    return Facts(name=chosen, source=f"Imported from {file}.", original=original, **facts), arrays


def channels_of(arrays: Arrays) -> int:
    """Channels of the input, from the first convolution; 0 where its name is not known."""
    first = next((arrays[key] for key in _FIRST if key in arrays and arrays[key].ndim == 4), None)
    return 0 if first is None else int(first.shape[1])


def _choose(bundle: Bundle) -> str:
    """The file with the tensors: safetensors before all others."""
    if len(bundle.names) == 1:
        return bundle.names[0]
    ranked = sorted(
        (_SUFFIXES.index(suffix), name)
        for name in bundle.names
        if (suffix := "." + name.rpartition(".")[2].lower()) in _SUFFIXES
    )
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        what = "several files of weights" if ranked else "no file of weights"
        raise InputError(
            f"{bundle.path} holds {what}.",
            remedy="Give the file itself: .safetensors, .pt, .pth or .bin; or a Teachable Machine export.",
            file=bundle.path,
            code="weights-file",
        )
    return ranked[0][1]


def _name_of(bundle: Bundle, file: str) -> str:
    """A name from the file, or from the folder where that of the file says nothing."""
    stem = re.sub(r"\.(safetensors|bin|pt|pth)$", "", file, flags=re.IGNORECASE)
    if stem.lower() in _PLAIN:
        place = bundle.path if bundle.path.is_dir() else bundle.path.parent
        stem = place.resolve().name if bundle.path.name == file or bundle.path.is_dir() else bundle.path.stem
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:100]
    check_name(name or "?")
    return name
