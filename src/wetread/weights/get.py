"""A name -> the weights home: say licence, size and source, fetch, check the hash, check the network."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from wetread.download.patience import PATIENCE, Patience
from wetread.download.remote_file import AT_MOST, RemoteFile, say_bytes
from wetread.errors import InputError, Stopped
from wetread.progress import Listener, silent
from wetread.weights import hub
from wetread.weights.bundle import Bundle
from wetread.weights.catalogue import CATALOGUE, ELSEWHERE, KnownWeights, name_here
from wetread.weights.describe import CONFIG, PREPROCESSOR, default_weights, fit_channels, read_licence
from wetread.weights.importing import Check, Spell, channels_of, keep, make_facts, read_base, require_fit
from wetread.weights.nearest import find_nearest, is_known
from wetread.weights.read import read_tensors, write_safetensors
from wetread.weights.stored import (
    DESCRIPTION,
    Facts,
    StoredWeights,
    alone,
    check_name,
    find_stored,
    list_stored,
    store,
    weights_home,
)
from wetread.weights.tfjs import MODEL
from wetread.weights.web_export import fetch_export
from wetread.writing import make_folder

_FILES = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Offer:
    """What is shown before anything is fetched.

    Attributes:
        name: What the weights will be called here.
        title: What they are.
        licence: Its name, and what it allows.
        source: The address of the file.
        page: Where a person reads about them.
        size: In words.
        cite: What to cite.
        restricted: What to know before using them; empty where they are free for every use.
    """

    name: str
    title: str
    licence: str
    source: str
    page: str
    size: str
    cite: str
    restricted: str


def get_weights(
    name: str,
    *,
    accept: Callable[[Offer], bool] | None,
    check: Check,
    spell: Spell = str,
    listen: Listener = silent,
    patience: Patience = PATIENCE,
) -> StoredWeights:
    """Brings weights onto this computer; those that are here already are not fetched again.

    Args:
        name: Of the catalogue; any model of timm with its tag, such as ``resnet34.a1_in1k``; or ``owner/name`` of a
            repository of the hub, whose weights are called ``owner--name`` here: no publisher can take the name of
            another one's weights.
        accept: Is shown licence, size and source before anything is fetched; returns whether they are accepted. None:
            they were accepted beforehand.
        check: Compares tensors and network.
        spell: Gives the name that timm has for a network.
        listen: Is told about progress.
        patience: With the server.

    Raises:
        InputError: There are no such weights, they were not accepted, cannot be had (``offline`` says how to bring
            them by hand), or are others than promised.
        OutputError: The disk is full or cannot be written.
        Stopped: The user interrupted; the next call goes on.
    """
    name = name.removeprefix("hf-hub:").removeprefix("hf_hub:")  # as timm writes it
    name = _spell_repository(name)
    known = find_known(name)
    if known is None and re.fullmatch(r"[a-z0-9_]+", name):
        name = default_weights(name) or name
    repository = known.repository if known else name if hub.is_repository(name) else f"timm/{name}"
    chosen = known.name if known else name_here(repository)
    check_name(chosen)
    if (weights_home() / chosen / DESCRIPTION).is_file():
        return _require_origin(find_stored(chosen), repository)
    try:
        with alone(chosen) as home:
            return _get(chosen, repository, known, home, accept, check, spell, listen, patience)
    except KeyboardInterrupt as error:
        raise Stopped(
            f"Stopped. What was fetched of {chosen} is kept.",
            remedy="Repeat the command to go on.",
            file=weights_home(),
        ) from error


def _spell_repository(name: str) -> str:
    """``owner/name`` for ``owner--name``, as it is called here: no repository has two dashes in a row."""
    spelled = name.replace("--", "/", 1)
    return spelled if hub.is_repository(spelled) else name


def _require_origin(stored: StoredWeights, repository: str) -> StoredWeights:
    """Refuses weights of another repository; those that were imported have no address: a person said what they are."""
    url = stored.original.get("url", "")
    if "/resolve/" in url and f"/{repository}/resolve/" not in url:
        raise InputError(
            f"The weights called {stored.name} here come from {url}, and not from {repository or 'their publisher'}.",
            remedy=f"If they are not wanted, remove {stored.path.parent}, then repeat the command.",
            file=stored.path.parent,
            code="weights-exist",
        )
    return stored


def find_known(name: str) -> KnownWeights | None:
    """Weights of the catalogue by their name, repository, or the network alone where only one has it.

    Raises:
        InputError: They are known and are not fetched by wetread: their terms, and where to read them.
    """
    by_network = [one for one in CATALOGUE.values() if one.network == name]
    by_repository = [one for one in CATALOGUE.values() if one.repository == name]
    for other in ELSEWHERE:
        if name.lower() == other.name:
            raise InputError(
                f"wetread does not fetch {other.name}: {other.title}. {other.terms}",
                remedy=f"Read {other.page}. Tensors of a network that timm knows can be imported: "
                "`wetread weights import FILE --network NETWORK`.",
                code="elsewhere",
            )
    found = CATALOGUE.get(name) or next(iter(by_repository), None)
    return found or (by_network[0] if by_network else None)


def _get(
    name: str,
    repository: str,
    known: KnownWeights | None,
    home: Path,
    accept: Callable[[Offer], bool] | None,
    check: Check,
    spell: Spell,
    listen: Listener,
    patience: Patience,
) -> StoredWeights:
    if known is not None and known.model_json:
        return _get_export(known, home, accept, check, listen, patience)
    files = known.files if known else _FILES
    try:
        file = hub.find_file(repository, files, patience)
        if file is None:
            raise _none_there(name, repository)
        beside = {one: hub.read_beside(file, one, patience) for one in (CONFIG, PREPROCESSOR, "README.md")}
    except InputError as error:
        if error.code in ("offline", "unreachable", "refused"):
            error.remedy = f"{error.remedy} {_by_hand(name, repository, files)}".strip()
        raise
    today = read_licence(beside["README.md"])
    licence = known.licence if known else today or "Not stated."
    if known is not None and known.restricted and today:
        licence += f" Its page says today: {today}."
    _require_acceptance(accept, _offer(name, file, known, licence))
    arrived = _fetch(name, file, home, listen, patience, _by_hand(name, repository, files))
    stored = _keep(name, file, arrived, beside, known, licence, check, spell)
    arrived.unlink()
    with suppress(OSError):
        arrived.parent.rmdir()
    return stored


def _get_export(
    known: KnownWeights,
    home: Path,
    accept: Callable[[Offer], bool] | None,
    check: Check,
    listen: Listener,
    patience: Patience,
) -> StoredWeights:
    """Fetches a base of Teachable Machine; which one it is, its hash says."""
    size = f"about {known.megabytes:g} MB"
    page = "https://teachablemachine.withgoogle.com"
    offer = Offer(known.name, known.title, known.licence, known.model_json, page, size, known.cite, known.restricted)
    _require_acceptance(accept, offer)
    place = make_folder(home / ".downloads" / known.name)
    fetch_export(known.model_json, place, listen=listen, patience=patience, by_hand=known.without_internet)
    try:
        with Bundle(place) as bundle:
            facts, arrays = read_base(bundle, known.name)
        original = {**facts.original, "file": MODEL, "url": known.model_json}
        facts = replace(facts, source=known.model_json, original=original)
        return keep(facts, arrays, check, place)
    except InputError as error:
        error.remedy = f"Repeat the command; it fetches them anew. {known.without_internet}"
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _require_acceptance(accept: Callable[[Offer], bool] | None, offer: Offer) -> None:
    if accept is not None and not accept(offer):
        raise InputError(
            f"{offer.name} was not fetched: its licence and size were not accepted.",
            remedy="Repeat the command and accept them.",
            code="not-accepted",
        )


def _fetch(name: str, file: hub.HubFile, home: Path, listen: Listener, patience: Patience, by_hand: str) -> Path:
    # Imported here: `wetread weights list` needs no network code.
    from wetread.download.fetch import fetch
    from wetread.download.known import KnownHashes

    # One place per file, so that the next attempt finds what this one leaves.
    place = make_folder(home / ".downloads" / name)
    remote = RemoteFile(file.url, file.name, bytes=file.size, sha256=file.sha256, at_most=min(AT_MOST, 8 << 30))
    arrived = place / file.name
    if arrived.is_file() and file.sha256 and _hash(arrived) != file.sha256:
        # Whole, but of an earlier commit, or damaged since.
        shutil.rmtree(place)
    return fetch(
        remote,
        place,
        listen=listen,
        known_hashes=KnownHashes(home / "known.json"),
        patience=patience,
        headers=hub.credentials(),
        by_hand=by_hand,
    )


def _hash(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _keep(
    name: str,
    file: hub.HubFile,
    arrived: Path,
    beside: dict[str, bytes | None],
    known: KnownWeights | None,
    licence: str,
    check: Check,
    spell: Spell,
) -> StoredWeights:
    data = arrived.read_bytes()
    try:
        arrays = read_tensors(data, arrived)
        facts, converted = make_facts(arrays, beside.get, known, None, arrived, spell)
        facts = fit_channels(facts, channels_of(converted) or facts.get("channels", 3)) | {"licence": licence}
        original = {
            "file": file.name,
            "sha256": hashlib.sha256(data).hexdigest(),
            "url": file.url,
            "commit": file.commit,
        }
        described = Facts(name=name, source=file.url, original=original, **facts)
        require_fit(described, converted, check, arrived)
    except InputError as error:
        # It came as published, and is of no use here: nothing must be left that a later call takes up.
        shutil.rmtree(arrived.parent, ignore_errors=True)
        if error.code == "weights-network":
            error.remedy = "Fetch the file yourself and import it with --network, if you know what it is."
        if error.code in ("weights-file", "weights-code", "weights-network"):
            error.message = error.message.replace(str(arrived), f"{file.repository}/{file.name}")
            error.file = None
        raise
    return store(described, write_safetensors(converted))


def _offer(name: str, file: hub.HubFile, known: KnownWeights | None, licence: str) -> Offer:
    if file.size is not None:
        size = say_bytes(file.size)
    else:
        size = f"about {known.megabytes:g} MB" if known else "a size that its server does not state"
    return Offer(
        name=name,
        title=known.title if known else f"{file.repository} of the Hugging Face hub; nothing is known of it here",
        licence=licence,
        source=file.url,
        page=hub.page(file.repository),
        size=size,
        cite=known.cite if known else "",
        restricted=known.restricted if known else "Its licence is what its publisher states; read the page.",
    )


def _none_there(name: str, repository: str) -> InputError:
    return InputError(
        f"There are no weights {name}: the hub has no file of them in {repository}.",
        remedy=_offer_others(name, [one.name for one in list_stored()]),
        code="no-weights",
    )


def _offer_others(name: str, here: list[str]) -> str:
    near = find_nearest(name, here)
    return (
        (f"Do you mean {' or '.join(near)}? " if near else "")
        + "`wetread weights list` names those that wetread knows; models of timm are called with their tag, such as "
        "resnet34.a1_in1k."
    )


def _by_hand(name: str, repository: str, files: tuple[str, ...]) -> str:
    here = [one.name for one in list_stored()]
    if repository == f"timm/{name}" and not is_known(name):
        return f"Nothing that wetread or timm knows is called {name}. {_offer_others(name, here)}"
    return (
        f"Without internet here: on another computer, open {hub.file_url(repository, files[0])} and "
        f"{hub.file_url(repository, CONFIG)}, copy both files into one folder {name} on this computer, and run "
        f"`wetread weights import {name}`." + (f" Already here: {', '.join(here)}." if here else "")
    )
