"""The weights home: one folder per weights, with ``weights.safetensors`` and ``weights.json`` beside it.

The description is written last, so a folder without one was never finished; it holds the SHA-256 of the tensors, which
is compared every time they are read. A flipped bit would else change predictions without a word.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.errors import InputError, OutputError
from wetread.weights.catalogue import CATALOGUE, name_here
from wetread.weights.hub import without_password
from wetread.weights.nearest import find_nearest
from wetread.weights.read import Arrays, parse_safetensors
from wetread.writing import FolderLock, atomic_write, make_folder

#: The environment variable that moves the weights home.
HOME_VARIABLE = "WETREAD_WEIGHTS"
TENSORS, DESCRIPTION = "weights.safetensors", "weights.json"
FORMAT = 1

#: Arguments of `timm.create_model` that a description may hold. None of them fetches or opens anything.
OPTIONS = frozenset(
    {"pad_type", "bn_eps", "img_size", "dynamic_img_size", "global_pool", "act_layer", "norm_layer", "init_values"}
    | {"reg_tokens", "no_embed_class", "class_token", "patch_size", "aa_layer", "stem_type", "depth", "embed_dim"}
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
#: Locks of this process, and which thread has each.
_HELD: dict[Path, int] = {}


@dataclass(frozen=True)
class Facts:
    """What is known of weights apart from their tensors.

    Attributes:
        name: What wetread calls them; also the name of their folder.
        network: The architecture, as timm calls it.
        options: Further arguments of `timm.create_model`.
        licence: Its name, and what it allows.
        source: Where they come from.
        cite: What to cite.
        side: Pixels on each side of the input they were trained on.
        channels: Of that input.
        mean: Of pixels in [0, 1], one per channel.
        deviation: As ``mean``; the standard deviation.
        features: Length of the pooled embedding; 0: not known.
        original: The file they were made from: its name and SHA-256, and where it was fetched.
    """

    name: str
    network: str
    options: dict[str, Any] = field(default_factory=dict)
    licence: str = "Not stated."
    source: str = ""
    cite: str = ""
    side: int = 224
    channels: int = 3
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    deviation: tuple[float, ...] = (0.229, 0.224, 0.225)
    features: int = 0
    original: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StoredWeights(Facts):
    """Weights in the home folder.

    Attributes:
        path: The safetensors file; its keys are those of the timm network, where the classifier may be missing.
        sha256: Of that file, hexadecimal.
        size: Of that file, in bytes.
        when: They came here, ISO 8601 in UTC.
    """

    path: Path
    sha256: str
    size: int
    when: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Everything, in types that JSON knows."""
        return {**asdict(self), "path": str(self.path)}


@dataclass(frozen=True)
class Damaged:
    """A folder of the weights home that cannot be used, and why."""

    name: str
    path: Path
    reason: str


def weights_home() -> Path:
    """Where weights lie: ``WETREAD_WEIGHTS``, or ``weights`` in the user's own folder for wetread."""
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_data_path("wetread", appauthor=False) / "weights"


def list_stored() -> list[StoredWeights]:
    """All weights that lie here, by name; `examine_home` also names the damaged ones that are left out."""
    return examine_home()[0]


def examine_home() -> tuple[list[StoredWeights], list[Damaged]]:
    """Looks at all folders of the weights home; hashes are compared when weights are read, not here.

    Returns:
        Sound weights, and what cannot be used with its reason, both by name.
    """
    sound: list[StoredWeights] = []
    damaged: list[Damaged] = []
    for folder in _folders():
        found = _open(folder)
        if isinstance(found, StoredWeights):
            sound.append(found)
        else:
            damaged.append(found)
    return sound, damaged


def find_stored(name: str) -> StoredWeights:
    """Finds weights in the home folder.

    Args:
        name: As `list_stored` names them, or the repository they come from; the network alone does where only one of
            its weights is here.

    Raises:
        InputError: ``no-weights``: they are not here; the nearest names and how to get them. ``weights-damaged``.
    """
    name = name_here(name)
    folder = weights_home() / name if _NAME.fullmatch(name) else None
    if folder is not None and (folder / DESCRIPTION).is_file():
        found = _open(folder)
        if isinstance(found, Damaged):
            raise _damaged(found)
        return found
    here = list_stored()
    of_network = [one for one in here if one.network == name]
    if len(of_network) == 1:
        return of_network[0]
    raise _missing(name, [one.name for one in here])


def read_arrays(stored: StoredWeights) -> Arrays:
    """Reads the tensors and compares their hash.

    Returns:
        By key of the timm network; real numbers as float32, counts as int64.

    Raises:
        InputError: ``weights-damaged``: another hash than was noted, or no file.
    """
    try:
        data = stored.path.read_bytes()
    except OSError as error:
        raise _damaged(Damaged(stored.name, stored.path.parent, "their file cannot be read")) from error
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        raise _damaged(Damaged(stored.name, stored.path.parent, "their SHA-256 is not the one that was noted"))
    return parse_safetensors(data, stored.path)


def store(facts: Facts, tensors: bytes) -> StoredWeights:
    """Puts weights into the home folder, the description last.

    Args:
        facts: What is known of them; where the same tensors have that name already, what is known of those is kept.
        tensors: A safetensors file.

    Raises:
        InputError: ``weights-exist``: other weights have that name, or the same ones with another network or input.
            ``name``: it cannot be one.
        OutputError: The disk is full, cannot be written, or another process is at weights of that name.
    """
    check_name(facts.name)
    sha256 = hashlib.sha256(tensors).hexdigest()
    with alone(facts.name) as home:
        folder = home / facts.name
        found = _open(folder) if (folder / DESCRIPTION).is_file() else None
        if isinstance(found, StoredWeights):
            facts = _complete(facts, found, sha256)
        if folder.is_file():
            remedy = "Remove it, or choose another name with --name."
            raise InputError(f"{folder} is a file, and no folder.", remedy=remedy, file=folder, code="weights-exist")
        make_folder(folder)
        atomic_write(folder / TENSORS, tensors)
        return describe_stored(facts, folder, sha256, len(tensors))


@contextmanager
def alone(name: str) -> Iterator[Path]:
    """Keeps others from weights of that name; within it, the same thread may ask again.

    Yields:
        The weights home, which is there.

    Raises:
        OutputError: Another process or thread is at them, or the home cannot be written; `WETREAD_WEIGHTS` moves it.
    """
    lock = weights_home() / f".{name}.lock"
    try:
        with _own(lock):
            yield lock.parent
    except OutputError as error:
        if error.code in ("not-writable", "run-busy"):
            wait = "Wait for it to end and repeat the command; or set" if error.code == "run-busy" else "Set"
            error.remedy = f"{wait} {HOME_VARIABLE} to a folder of your own, where weights are to lie."
        elif "--resume" in error.remedy:
            error.remedy = "Free some space, then repeat the command."
        raise


@contextmanager
def _own(lock: Path) -> Iterator[None]:
    # The system gives a lock to a process, which may have it twice, and takes it back when one of the two is closed.
    me = threading.get_ident()
    again = _HELD.get(lock) == me
    if _HELD.setdefault(lock, me) != me:
        raise OutputError(f"{lock.stem[1:]} is being fetched or imported already.", file=lock.parent, code="run-busy")
    if again:
        yield
        return
    try:
        held = FolderLock(lock)
        try:
            yield
        finally:
            held.release()
    finally:
        del _HELD[lock]


def _complete(facts: Facts, found: StoredWeights, sha256: str) -> Facts:
    """Adds to a description what that of the same tensors knows more; raises `InputError` where they disagree."""
    folder = found.path.parent
    shapes = ("network", "options", "side", "channels", "mean", "deviation")
    other = [one for one in shapes if getattr(found, one) != getattr(facts, one)]
    if found.sha256 != sha256:
        who = f"Other weights are called {facts.name} already: {found.network}, from {found.source}."
    elif other:
        told = ", ".join(f"{one} {getattr(found, one)}" for one in other)
        now = ", ".join(f"{one} {getattr(facts, one)}" for one in other)
        who = f"The same weights are called {facts.name} already, and described otherwise: {told}; now {now}."
    else:
        unknown = [one for one in ("licence", "cite", "features") if getattr(facts, one) == getattr(Facts, one)]
        # Where they were fetched says more than which file on a disk they were taken from.
        unknown += ["source", "original"] if "url" in found.original and "url" not in facts.original else []
        return replace(facts, **{one: getattr(found, one) for one in unknown})
    raise InputError(
        who, remedy=f"Choose another name with --name, or remove {folder}.", file=folder, code="weights-exist"
    )


def describe_stored(facts: Facts, folder: Path, sha256: str, size: int) -> StoredWeights:
    """Writes the description beside tensors that lie there already."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    described = {"format": FORMAT, **asdict(facts), "sha256": sha256, "size": size, "when": when}
    atomic_write(folder / DESCRIPTION, json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    return StoredWeights(
        **{one.name: getattr(facts, one.name) for one in fields(Facts)},
        path=folder / TENSORS,
        sha256=sha256,
        size=size,
        when=when,
    )


def check_name(name: str) -> None:
    """Raises `InputError` where a name cannot be that of a folder on every system."""
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise InputError(
            f"{name!r} cannot be the name of weights.",
            remedy="Choose one of letters, digits, dots, dashes and underscores with --name.",
            code="name",
        )


def _folders() -> list[Path]:
    home = weights_home()
    try:
        return sorted(folder for folder in home.iterdir() if _NAME.fullmatch(folder.name) and folder.is_dir())
    except OSError:
        return []


def _open(folder: Path) -> StoredWeights | Damaged:
    """Reads a description; nothing of it is believed that is not of the right form."""
    try:
        told = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Damaged(folder.name, folder, "they were not completely written")
    except (OSError, ValueError, RecursionError):
        return Damaged(folder.name, folder, f"{DESCRIPTION} cannot be read")
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        return Damaged(folder.name, folder, f"{DESCRIPTION} is from another version of wetread, or damaged")
    try:
        found = _check_description(told, folder)
        size = found.path.stat().st_size
    except (KeyError, TypeError, ValueError, AttributeError):
        return Damaged(folder.name, folder, f"{DESCRIPTION} is damaged")
    except OSError:
        return Damaged(folder.name, folder, f"{TENSORS} is missing")
    return found if size == found.size else Damaged(folder.name, folder, f"{TENSORS} has another size than noted")


def _check_description(told: Mapping[str, Any], folder: Path) -> StoredWeights:
    texts = {key: told[key] for key in ("network", "licence", "source", "cite", "sha256", "when")}
    numbers = {key: told[key] for key in ("side", "channels", "features", "size")}
    spans = {key: tuple(float(value) for value in told[key]) for key in ("mean", "deviation")}
    options, original = told["options"], told["original"]
    if not (
        told["name"] == folder.name
        and all(isinstance(value, str) for value in (*texts.values(), *original, *original.values()))
        and all(isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in numbers.values())
        and 0 < numbers["side"] <= 4096
        and all(len(values) == numbers["channels"] > 0 for values in spans.values())
        and all(math.isfinite(value) for value in spans["mean"])
        and all(math.isfinite(value) and value > 0 for value in spans["deviation"])
        and options.keys() <= OPTIONS
        and all(isinstance(value, str | int | float) for value in options.values())
        and re.fullmatch(r"[0-9a-f]{64}", texts["sha256"])
    ):
        raise ValueError
    path = folder / TENSORS
    # Earlier versions kept the address with what stood before the server in it.
    texts["source"] = without_password(texts["source"])
    original = {key: without_password(value) for key, value in original.items()}
    checked: dict[str, Any] = {**texts, **numbers, **spans}
    return StoredWeights(name=folder.name, path=path, options=options, original=original, **checked)


def _missing(name: str, here: list[str]) -> InputError:
    near = find_nearest(name, here)
    known = CATALOGUE.get(name)
    if known is not None:
        how = f"{known.how_to_get} {known.without_internet}"
    else:
        how = (f"Do you mean {' or '.join(near)}? " if near else "") + "`wetread weights list` names them all."
    return InputError(f"The weights {name} are not on this computer.", remedy=how, code="no-weights")


def _damaged(one: Damaged) -> InputError:
    return InputError(
        f"The weights {one.name} cannot be used: {one.reason}.",
        remedy=f"Remove {one.path}, then fetch or import them again (`wetread weights get`, `wetread weights import`).",
        file=one.path,
        code="weights-damaged",
    )


def is_finite(arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Whether all real numbers are numbers."""
    return all(bool(np.isfinite(array).all()) for array in arrays.values() if array.dtype.kind == "f")
