"""Trust at first sight: the hash of a file whose publisher states none is kept, and must be the same ever after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from wetread.download.remote_file import RemoteFile
from wetread.errors import InputError
from wetread.writing import atomic_write

_CHUNK = 1 << 20


class KnownHashes:
    """The SHA-256 of files by their address, in one JSON file of the data home."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def of(self, file: RemoteFile) -> str | None:
        """What the file had when it was first seen; None if it never was."""
        return self._read().get(file.url)

    def remember(self, file: RemoteFile, sha256: str) -> None:
        """Keeps a hash; one that is there already stays."""
        # Read again: another process may have added its own meanwhile.
        known = {file.url: sha256} | self._read()
        atomic_write(self.path, json.dumps(known, indent=2, sort_keys=True) + "\n")

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            content = None
        if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
            # Starting anew without a word would trust whatever comes next.
            raise InputError(
                f"{self.path} cannot be read.",
                remedy="Remove it if you accept that files without a published hash are trusted anew.",
                file=self.path,
                code="known-hashes",
            )
        return content


def digests(path: Path, tell: Callable[[int], None] | None = None) -> tuple[str, str]:
    """Reads a file once for both of its hashes.

    Args:
        path: The file.
        tell: Is given the bytes read so far.

    Returns:
        SHA-256 and MD5, hexadecimal.
    """
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    done = 0
    with open(path, "rb") as handle:
        while chunk := handle.read(_CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            done += len(chunk)
            if tell is not None:
                tell(done)
    return sha256.hexdigest(), md5.hexdigest()


def check(file: RemoteFile, sha256: str, md5: str, known: KnownHashes | None) -> str:
    """Compares the hashes of a file with everything that is known of it.

    Args:
        file: What it should be.
        sha256: What it is.
        md5: What it is.
        known: Hashes of files seen earlier.

    Returns:
        How it was checked, in a few words; empty where a hash is wrong.
    """
    seen = known.of(file) if known else None
    wanted = [(file.sha256, sha256), (file.md5, md5), (seen, sha256)]
    if any(expected is not None and expected != found for expected, found in wanted):
        return ""
    if known and seen is None and file.sha256 is None:
        known.remember(file, sha256)
    if file.sha256 or file.md5:
        return "as published"
    return "as before" if seen else f"seen for the first time, sha256 {sha256[:12]}… is remembered"
