"""What the routes answer: JSON, or a refusal with its way out. And how they read what was asked.

Nothing here is remembered by the browser: every answer may hold patient data, and a cached one would stay on the disk.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection
from typing import Any, ParamSpec, TypeVar

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from wetread.errors import OutputError, Stopped, WetreadError

P = ParamSpec("P")
T = TypeVar("T")

#: Bytes of the JSON that a request may bring; a change of 20,000 items by their ids fits.
MOST_JSON = 65_536


class Refusal(Exception):  # noqa: N818 - as ImageRejected: it says what happened
    """A request that cannot be granted.

    Args:
        status: Of HTTP, 400..599.
        message: What is wrong, one sentence, no patient data.
        remedy: What to do next, one sentence.
        code: A short stable name, such as ``no-run``.
    """

    def __init__(self, status: int, message: str, remedy: str = "", code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.remedy = remedy
        self.code = code or "refused"


def answer(content: Any, status: int = 200) -> Response:
    """A JSON answer that no browser keeps; NaN and infinity, which JSON lacks, become null."""
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate may come from a file name that is no UTF-8; the browser shows a replacement character.
    return Response(
        text.encode("utf-8", "replace"), status, {"cache-control": "no-store"}, media_type="application/json"
    )


def answer_refusal(error: Refusal | WetreadError) -> Response:
    """What the browser is told of an error: message, remedy, code, file."""
    if isinstance(error, Refusal):
        content = {"message": error.message, "remedy": error.remedy, "code": error.code, "file": None}
        return answer(content, error.status)
    content = {"message": error.message, "remedy": error.remedy, "code": error.code, "file": error.file}
    if isinstance(error, OutputError):
        return answer(content, 507 if error.code == "disk-full" else 409)
    return answer(content, 409 if isinstance(error, Stopped) else 400)


async def read_json(request: Request, limit: int = MOST_JSON) -> dict[str, Any]:
    """Reads the JSON object that a request brings.

    Args:
        request: Its body is read here, and nowhere else.
        limit: Most bytes.

    Raises:
        Refusal: It is too long (413), no JSON, or no object (400).
    """
    pieces = bytearray()
    async for piece in request.stream():
        pieces += piece
        if len(pieces) > limit:
            raise Refusal(413, f"The request is longer than {limit} bytes.", "Send less at once.", "too-long")
    try:
        found = json.loads(bytes(pieces) or b"{}", parse_constant=_no_constant)
    # Nested a thousand times, JSON ends in a RecursionError.
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "The request is no JSON.", "Load the page again.", "no-json") from error
    if not isinstance(found, dict):
        raise Refusal(400, "The request is no JSON object.", "Load the page again.", "no-json")
    return found


def whole(request: Request, name: str, default: int, low: int, high: int) -> int:
    """A whole number of the query within [low, high]; raises `Refusal` (400) for anything else."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    # Not int(): it also takes 1_000, blanks and the digits of other scripts.
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19 and low <= int(text) <= high:
        return int(text)
    raise Refusal(400, f"{name} has to be a whole number from {low} to {high}.", "Load the page again.", "bad-query")


def real(request: Request, name: str, default: float, low: float, high: float) -> float:
    """A number of the query within [low, high]; raises `Refusal` (400) for anything else."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    try:
        value = float(text) if text.isascii() and len(text) < 40 else math.nan
    except ValueError:
        value = math.nan
    if low <= value <= high:
        return value
    raise Refusal(400, f"{name} has to be a number from {low:g} to {high:g}.", "Load the page again.", "bad-query")


def word(request: Request, name: str, default: str, allowed: Collection[str]) -> str:
    """A word of the query out of some; raises `Refusal` (400) for any other."""
    text = request.query_params.get(name) or default
    if text == default or text in allowed:
        return text
    raise Refusal(400, f"{name} has to be one of {', '.join(allowed)}.", "Load the page again.", "bad-query")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Does what may wait for a disk or a process beside the loop, so that other requests go on."""
    return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs))


def _finite(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    return [_finite(value) for value in content] if isinstance(content, list | tuple) else content


def _no_constant(name: str) -> float:
    raise ValueError(name)
