"""One file from the internet, over as many attempts as it takes.

It arrives as ``<name>.part`` beside its place. What a broken attempt leaves is asked on from there (RFC 9110, 14:
Range, with If-Range so that a file that changed meanwhile starts anew), and nothing bears its name before its hash is
right.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from wetread.download.answer import (
    ask,
    offline,
    open_client,
    range_of,
    require_content,
    size_of,
    version_of,
)
from wetread.download.connection import Dropped, pieces
from wetread.download.known import KnownHashes, check, digests
from wetread.download.patience import PATIENCE, Patience
from wetread.download.remote_file import RemoteFile, say_bytes
from wetread.errors import InputError, OutputError
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.writing import SPARE_BYTES, PartFile, atomic_write

STEP = "download"

#: How files begin, by suffix: an error page, or the pointer that stands for a file in Git LFS, does not.
_BEGINNINGS = {".zip": b"PK", ".tm": b"PK", ".npz": b"PK", ".gz": b"\x1f\x8b"}


def fetch(
    file: RemoteFile,
    folder: Path,
    *,
    listen: Listener = silent,
    known_hashes: KnownHashes | None = None,
    patience: Patience = PATIENCE,
    headers: Mapping[str, str] | None = None,
    by_hand: str = "",
) -> Path:
    """Fetches one file, or checks it where it is there already.

    Interrupt it, or lose the connection: the next call goes on where this one ended.

    Args:
        file: What and from where.
        folder: Where it goes, as ``folder/file.name``.
        listen: Is told the bytes.
        known_hashes: Of files seen earlier; a file without a published hash is compared with it, or remembered in it.
        patience: With the server.
        headers: To send along; ``Authorization`` goes to the server of the address only, not where it redirects to.
        by_hand: What to do where the file cannot be had; by default to bring it to its place.

    Returns:
        The file; it has the hashes that are known of it.

    Raises:
        InputError: ``offline``, ``unreachable`` (too many attempts broke), ``gone``, ``refused``, ``redirect``,
            ``web-page``, ``certificate``, ``too-large``, ``wrong-hash``; each says how to get the file by hand.
        OutputError: The disk is full, or the folder cannot be written.
    """
    place = folder / file.name
    started = time.perf_counter()
    tell = _Teller(listen)
    if known_hashes is not None:
        known_hashes.of(file)  # a damaged list is better found before the download than after
    if place.is_file():
        how = _check_in_place(file, place, known_hashes, tell)
    else:
        try:
            how = _fetch(file, place, known_hashes, tell, patience, dict(headers or {}))
        except InputError as error:
            error.remedy = " ".join(part for part in (error.remedy, by_hand or _by_hand(file, place)) if part)
            raise
        except OutputError as error:
            if error.code == "disk-full":
                error.remedy = "Free some space, and repeat the command to go on."
            raise
    listen(StepFinished(STEP, time.perf_counter() - started, f"{say_bytes(place.stat().st_size)}, {how}"))
    return place


def _check_in_place(file: RemoteFile, place: Path, known: KnownHashes | None, tell: _Teller) -> str:
    size = place.stat().st_size
    tell.start(f"Checking {file.name}", size)
    # The beginning first: a hash is remembered by the check.
    right = _begins_well(place) and file.bytes in (None, size)
    how = check(file, *digests(place, tell.advance), known) if right else ""
    if not how:
        # Not removed: a person may have put it there.
        raise InputError(
            f"{place} is not the file that its publisher gives out, or was not copied completely.",
            remedy="Remove it and repeat the command, or copy it again." + _how_to_trust(known),
            file=place,
            code="wrong-hash",
        )
    return how


def _fetch(
    file: RemoteFile,
    place: Path,
    known: KnownHashes | None,
    tell: _Teller,
    patience: Patience,
    headers: dict[str, str],
) -> str:
    tell.start(f"Fetching {file.name}", file.bytes)
    with PartFile(place) as part:
        arrival = _Arrival(file, part, tell, headers)
        try:
            if not arrival.is_complete():
                _persist(arrival, patience)
        finally:
            if part.size == 0:
                arrival.discard()
        part.flush()
        tell.say("checking")
        how = check(file, *digests(part.part), known) if _begins_well(part.part, place.suffix) else ""
        if not how:
            arrival.discard()
            raise _wrong(file, place, known)
        part.commit()
        arrival.forget()
    return how


def _persist(arrival: _Arrival, patience: Patience) -> None:
    """Tries until the file is there, or too many attempts in a row brought nothing."""
    failures, farthest, began = 0, arrival.part.size, time.monotonic()
    with open_client(patience) as client:
        while True:
            try:
                return arrival.attempt(client, patience)
            except Dropped as error:
                arrival.part.flush()
                # A file that starts anew again and again is no progress, hence the farthest.
                failures = 0 if arrival.part.size > farthest + patience.slowest else failures + 1
                farthest = max(farthest, arrival.part.size)
                wait = max(error.wait, patience.first_wait * 2 ** max(0, failures - 1))
                if error.unreachable and not arrival.was_reached:
                    # Offline, most likely: a person should not wait for all attempts to hear that.
                    left = patience.connect - (time.monotonic() - began)
                    if left <= 0 or error.lasting:
                        raise offline(error.unreachable) from error
                    wait = min(wait, left)
                elif failures >= patience.attempts:
                    raise _gave_up(arrival, str(error)) from error
                time.sleep(min(patience.longest_wait, wait))


class _Arrival:
    """A file on its way: the part on disk, and which version of it that part belongs to."""

    def __init__(self, file: RemoteFile, part: PartFile, tell: _Teller, headers: dict[str, str]) -> None:
        self.file, self.part, self.was_reached = file, part, False
        self._headers = headers
        self._tell = tell
        self._notes = part.part.with_name(part.part.name + ".json")
        if part.size and not self._may_go_on():
            part.restart()

    def is_complete(self) -> bool:
        """True where nothing is missing but the check."""
        return self.part.size > 0 and self.part.size == (self.file.bytes or self._read_notes().get("bytes"))

    def attempt(self, client: httpx.Client, patience: Patience) -> None:
        """Asks for what is missing and takes it; raises `Dropped` where that ended too early."""
        offset, notes = self.part.size, self._read_notes()
        headers = self._headers | ({"Range": f"bytes={offset}-"} if offset else {})
        if offset and notes.get("version"):
            headers["If-Range"] = notes["version"]
        with ask(client, self.file.url, headers, patience) as answer:
            self.was_reached = True
            if answer.status_code == 416 or (answer.status_code == 206 and self._is_another(answer, notes)):
                self.part.restart()
                raise Dropped("the file changed meanwhile")
            require_content(answer, offset)
            if answer.status_code == 200:
                # No range: the server knows none, or the file is another one by now.
                self.part.restart()
                self._write_notes(answer)
            size = size_of(answer)
            self._require_room(size)
            self._take_all(answer, patience)
            if self.part.size < (size or self.file.bytes or self._read_notes().get("bytes") or 0):
                raise Dropped("it ended early")

    def _take_all(self, answer: httpx.Response, patience: Patience) -> None:
        since, size = time.monotonic(), self.part.size
        for piece in pieces(answer, patience):
            self._take(piece)
            # A byte now and then is no silence, and would hold a person up for days.
            if time.monotonic() - since >= patience.read:
                if self.part.size - size < patience.slowest * patience.read:
                    raise Dropped("it sends hardly anything")
                since, size = time.monotonic(), self.part.size

    def discard(self) -> None:
        """Removes everything that came."""
        self.part.discard()
        self.forget()

    def forget(self) -> None:
        """Removes the note of the version; the file is whole, or gone."""
        self._notes.unlink(missing_ok=True)

    def _may_go_on(self) -> bool:
        notes = self._read_notes()
        # Without a version and without a hash nobody would notice two halves of different files.
        trusted = bool(notes.get("version") or self.file.sha256 or self.file.md5)
        return trusted and notes.get("url") == self.file.url and self.part.size <= self.file.limit

    def _is_another(self, answer: httpx.Response, notes: dict[str, Any]) -> bool:
        total = range_of(answer)[1]
        # A server may know ranges, and not If-Range.
        version = version_of(answer)
        return (total is not None and notes.get("bytes") not in (None, total)) or (
            version != "" and notes.get("version") not in (None, "", version)
        )

    def _require_room(self, size: int | None) -> None:
        if size is not None and (size > self.file.limit or self.file.bytes not in (None, size)):
            self._refuse_size(f"its server announces {say_bytes(size)} instead of {say_bytes(self.file.limit)}")
        needed = (size or 0) - self.part.size + SPARE_BYTES
        free = shutil.disk_usage(self.part.path.parent).free
        if free < needed:
            raise OutputError(
                f"{self.file.name} needs {say_bytes(needed)}; the disk has {say_bytes(free)} free.",
                remedy="Free some space, or choose another folder, and repeat the command.",
                file=self.part.path.parent,
                code="disk-full",
            )
        self._tell.expect(size)

    def _take(self, piece: bytes) -> None:
        if self.part.size + len(piece) > self.file.limit:
            self._refuse_size(f"it goes on beyond {say_bytes(self.file.limit)}")
        self.part.append(piece)
        self._tell.advance(self.part.size)

    def _refuse_size(self, reason: str) -> None:
        self.discard()
        raise InputError(
            f"{self.file.name} is not the published file: {reason}. It was removed.", remedy="", code="too-large"
        )

    def _read_notes(self) -> dict[str, Any]:
        try:
            content = json.loads(self._notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write_notes(self, answer: httpx.Response) -> None:
        notes = {"url": self.file.url, "version": version_of(answer), "bytes": size_of(answer)}
        atomic_write(self._notes, json.dumps(notes))


class _Teller:
    """Tells a listener how far a file is, ten times a second at most."""

    def __init__(self, listen: Listener) -> None:
        self._listen = listen
        self._done, self._total, self._last = 0, 0, 0.0

    def start(self, title: str, total: int | None) -> None:
        """Names the work; ``total`` bytes, where that is known."""
        self._total = total or 0
        self._listen(StepStarted(STEP, title, total))

    def expect(self, total: int | None) -> None:
        """The server has named the total."""
        self._total = total or self._total

    def advance(self, done: int) -> None:
        """``done`` bytes of the file are there."""
        self._done = done
        now = time.monotonic()
        if now - self._last >= 0.1 or done == self._total:
            self._last = now
            self.say(say_bytes(done) + (f" of {say_bytes(self._total)}" if self._total else ""))

    def say(self, detail: str) -> None:
        """Tells where the work is, in words."""
        self._listen(StepAdvanced(STEP, self._done, self._total, detail))


def _begins_well(path: Path, suffix: str = "") -> bool:
    beginning = _BEGINNINGS.get((suffix or path.suffix).lower(), b"")
    with open(path, "rb") as handle:
        return handle.read(len(beginning)) == beginning


def _wrong(file: RemoteFile, place: Path, known: KnownHashes | None) -> InputError:
    return InputError(
        f"{file.name} arrived with other content than published, or than it had before; it was removed.",
        remedy="Repeat the command. If it happens again, the network or the publisher has changed it."
        + _how_to_trust(known),
        file=place,
        code="wrong-hash",
    )


def _how_to_trust(known: KnownHashes | None) -> str:
    return f" If you trust this one, remove the line of the file from {known.path}." if known else ""


def _gave_up(arrival: _Arrival, reason: str) -> InputError:
    return InputError(
        f"{arrival.file.name} could not be fetched: {reason}. {say_bytes(arrival.part.size)} are kept.",
        remedy="Repeat the command to go on from there.",
        code="unreachable",
    )


def _by_hand(file: RemoteFile, place: Path) -> str:
    return (
        f"By hand: open {file.url} on another computer, save it as {file.name}, copy it to {place}, "
        "and repeat the command: it checks the file and goes on."
    )
