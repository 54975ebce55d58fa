"""One file at its publisher: where it is and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

#: What a file may weigh whose size nobody states, in bytes.
AT_MOST = 16 << 30


@dataclass(frozen=True)
class RemoteFile:
    """One file at its publisher.

    Attributes:
        url: Where it is; redirects are followed.
        name: What it is called here.
        bytes: Its exact size, where that is known.
        sha256: Hexadecimal, lower case; None where nobody states it.
        md5: As ``sha256``. It tells an accident, not an attack.
        at_most: Bytes that are never exceeded, where ``bytes`` is unknown.
        unpack_to: Where the content of a .tar.gz goes, below the folder of the set; empty: it stays as it is.
    """

    url: str
    name: str
    bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None
    at_most: int = AT_MOST
    unpack_to: str = ""

    @property
    def limit(self) -> int:
        """Bytes that are never exceeded."""
        return self.at_most if self.bytes is None else self.bytes


def say_bytes(number: int) -> str:
    """A size in words, in decimal units as disks are sold: ``29 kB``, ``3.9 GB``."""
    for unit, power in (("GB", 9), ("MB", 6)):
        if number >= 10**power:
            value = number / 10**power
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{number / 1000:.0f} kB" if number >= 1000 else f"{number} bytes"
