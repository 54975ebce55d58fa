"""The trust gate of a run folder: trust.json, from whatever the folder knows by now."""

from __future__ import annotations

import json
from pathlib import Path

from wetread.run_folder import RunFolder


def write_trust(folder: RunFolder) -> list[dict[str, str]]:
    """Judges a run anew and writes trust.json; called again whenever the folder has learnt something.

    Args:
        folder: Of a run whose numbers are there.

    Returns:
        The lights, as `wetread.evaluation.trust.judge` gives them.

    Raises:
        InputError: A file of the run is damaged.
        OutputError: The folder cannot be written.
    """
    from wetread.evaluation.trust import Evidence, judge

    lights = judge(
        Evidence(
            folder.read_json("numbers.json"),
            folder.read_json("findings.json"),
            folder.find_json("refusal.json") or {},
            folder.find_json("explanations.json") or {},
            _external_headlines(folder.path),
            say_path(folder.path),
        )
    )
    folder.write_json("trust.json", lights)
    return lights


def say_path(path: Path) -> str:
    """A folder as one would type it from here: no name of a home folder where that can be helped."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return path.name


def _external_headlines(path: Path) -> dict[str, str]:
    """Name of each external test below a run -> what it found, in one line."""
    from wetread.outcome import headline

    found = {}
    for numbers in sorted(path.glob("external/*/numbers.json")):
        try:
            found[numbers.parent.name] = headline(json.loads(numbers.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError):  # one that is being written, or was stopped, says nothing yet
            continue
    return found
