"""The messages between the decoder and its child.

A request is one line of JSON. A reply is four bytes of length (big endian), JSON, then raw bytes. No pickle and no
`multiprocessing` queue: the child has met a foreign file, so nothing it sends may run here.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from wetread.images.source import Source
from wetread.images.view import View

#: A header is a few kilobytes; more than this means that something else wrote into the pipe.
MAX_MESSAGE_BYTES = 1 << 20


class BrokenWire(Exception):  # noqa: N818 - the child is gone or talks nonsense, which is a result
    """The other side closed the pipe, or what it sent is no message."""


@dataclass(frozen=True)
class Task:
    """What the child is asked to do with one source.

    Attributes:
        source: The picture.
        view: How its values become 0..255.
        max_side: Longest side of the picture that goes back, in pixels; None for full size.
        cache: Folder of a `wetread.images.cache.PixelCache` to look into; empty for none.
        survey: Read the header alone.
        values: Send values before any window, see `wetread.images.values`; ``view`` and ``cache`` play no part.
    """

    source: Source
    view: View = field(default_factory=View)
    max_side: int | None = None
    cache: str = ""
    survey: bool = False
    values: bool = False

    def as_line(self) -> bytes:
        """The task as a line that the child reads. Names of any bytes survive: JSON escapes what is no character."""
        source = {**asdict(self.source), "path": os.fspath(self.source.path)}
        plain = {**vars(self), "source": source, "view": [str(self.view), self.view.frame]}
        return (json.dumps(plain) + "\n").encode("ascii")

    @classmethod
    def from_line(cls, line: bytes) -> Task:
        """The inverse of `as_line`."""
        plain = json.loads(line)
        source = Source(**{**plain["source"], "path": Path(plain["source"]["path"])})
        return cls(**{**plain, "source": source, "view": View.parse(plain["view"][0], frame=plain["view"][1])})


def send(pipe: IO[bytes], header: dict[str, Any], body: bytes | memoryview = b"") -> None:
    """Writes one message; ``body`` follows the header as it is."""
    text = json.dumps({**header, "body": len(body)}).encode("ascii")
    pipe.write(len(text).to_bytes(4, "big") + text)
    if len(body):
        pipe.write(body)
    pipe.flush()


def receive(pipe: IO[bytes], *, max_body: int) -> tuple[dict[str, Any], bytearray]:
    """Reads one message.

    Args:
        pipe: Where the other side writes.
        max_body: More bytes than this in the body break the wire.

    Returns:
        The header and the body.

    Raises:
        BrokenWire: The pipe ended, or its content is no message.
    """
    length = int.from_bytes(_read(pipe, 4), "big")
    if length > MAX_MESSAGE_BYTES:
        raise BrokenWire
    try:
        header = json.loads(_read(pipe, length))
    except (ValueError, RecursionError) as error:
        raise BrokenWire from error
    if not isinstance(header, dict):
        raise BrokenWire
    size = header.get("body")
    if not isinstance(size, int) or not 0 <= size <= max_body:
        raise BrokenWire
    return header, _read(pipe, size)


def _read(pipe: IO[bytes], size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    done = 0
    while done < size:
        try:
            count = pipe.readinto(view[done:])  # type: ignore[attr-defined]
        except (OSError, ValueError) as error:  # ValueError: closed by another thread
            raise BrokenWire from error
        if not count:
            raise BrokenWire
        done += count
    return data
