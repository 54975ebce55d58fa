"""The trust gate of a run folder: trust.json, from whatever the folder knows by now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wetread.outcome import headline
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

    external, run = _external_numbers(folder.path), folder.read_json("run.json")
    lights = judge(
        Evidence(
            folder.read_json("numbers.json"),
            folder.read_json("findings.json"),
            folder.find_json("refusal.json") or {},
            folder.find_json("explanations.json") or {},
            {name: headline(numbers) for name, numbers in external.items()},
            say_path(folder.path),
            run.get("command") or (),
            [name for name, numbers in external.items() if numbers.get("gate") == "red"],
            run.get("left_out") or (),
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


def _external_numbers(path: Path) -> dict[str, dict[str, Any]]:
    """Name of each external test below a run -> its numbers."""
    found = {}
    for file in sorted(path.glob("external/*/numbers.json")):
        try:
            numbers = json.loads(file.read_text(encoding="utf-8"))
            headline(numbers)
        except (OSError, ValueError, KeyError):  # one that is being written, or was stopped, says nothing yet
            continue
        found[file.parent.name] = numbers
    return found
