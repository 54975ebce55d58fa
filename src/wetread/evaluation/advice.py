"""The command of a run -> the command that one should type next, quoted for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

#: Options of ``wetread run`` that take no value.
ALONE = ("--allow-leak", "--dry-run", "--resume", "--overwrite", "--quiet", "-q", "--json")
#: What a run was told of its data, which ``wetread check`` has to be told too.
OF_DATA = (
    *("--labels", "--label-column", "--classes", "--finding", "--window", "--colour", "--frame", "--together"),
    "--seed",
)
#: What the next run must not repeat.
ONCE = ("--out", "--resume", "--overwrite", "--dry-run", "--quiet", "-q", "--json")

#: Stands for the data where the command of the run does not tell.
UNKNOWN = "DATA"


def quote(*words: str) -> str:
    """A command of wetread as it can be pasted into a shell."""
    return shlex.join(["wetread", *words])


def run_again(command: Sequence[str], out: str, option: str, value: str) -> str:
    """The command of a run with an option of another value, which comes last, into a folder of its own.

    Args:
        command: Of the run, as typed; anything else where it was not made by one, as in a notebook.
        out: The new folder.
        option: ``--preset`` or ``--set``; of several ``--set`` the one of the same name is replaced.
        value: Its new value.
    """
    data, options = _read(command)
    if not data:
        return quote("run", UNKNOWN, option, value)
    kept = [data]
    for name, given in options:
        replaced = name == option and (name != "--set" or given.split("=")[0] == value.split("=")[0])
        if name not in ONCE and not replaced:
            kept += [name] if name in ALONE else [name, given]
    return quote("run", *kept, "--out", out, option, value)


def go_on(command: Sequence[str], out: str) -> str:
    """The command that makes up for what an interruption left out of a run.

    Args:
        command: Of the run.
        out: Its folder.
    """
    data, options = _read(command)
    kept = [data or UNKNOWN]
    for name, given in options:
        if name not in ONCE:
            kept += [name] if name in ALONE else [name, given]
    return quote("run", *kept, "--out", out, "--resume")


def check_again(command: Sequence[str], *more: str) -> str:
    """The command that checks the data of a run.

    Args:
        command: Of the run.
        more: Further words.
    """
    data, options = _read(command)
    told = [word for name, given in options if data and name in OF_DATA for word in (name, given)]
    return quote("check", data or UNKNOWN, *told, *more)


def _read(command: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    """The data and the options of a ``wetread run``; no data where it was none."""
    if len(command) < 3 or command[1] != "run" or PurePath(command[0]).stem not in ("wetread", "__main__"):
        return "", []
    data: list[str] = []
    options: list[tuple[str, str]] = []
    words = iter(command[2:])
    for word in words:
        if word == "--":
            data += words
        elif word in ALONE:
            options.append((word, ""))
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            options.append((name, value if equals else next(words, "")))
        else:
            data.append(word)
    return (data[0], options) if len(data) == 1 else ("", [])
