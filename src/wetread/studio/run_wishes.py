"""What a page wishes of a run -> the words of a `wetread` command. Nothing that came in becomes an option by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wetread.errors import InputError
from wetread.request import LATERALITY, PRESETS, as_seconds
from wetread.run_folder import RunFolder
from wetread.studio.answers import Refusal
from wetread.training.plan_file import check_setting
from wetread.training.recipes import list_recipes
from wetread.weights.stored import list_stored

#: Pictures whose heatmaps an extra makes.
EXPLAINED = 6
#: Letters of a title, and of any other text.
LONGEST = 200

_SETTING = re.compile(r"[a-z][a-z_]{0,40}=[^\x00-\x1f\x7f]{1,150}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def run_command(labels: Path, folder: Path, wish: Mapping[str, Any], title: str = "") -> list[str]:
    """The command that trains on a table of labels.

    Args:
        labels: The table.
        folder: The run folder to make.
        wish: preset, time_limit, recipe, backbone, positive, classes, laterality, together, subgroups, seed, settings;
            each may be missing or empty.
        title: What heads the report.

    Raises:
        Refusal: One of them cannot be (400).
        InputError: The time limit is none.
    """
    words = ["run", str(labels), "--out", str(folder), "--quiet", f"--preset={_one_of(wish, 'preset', PRESETS)}"]
    words += [f"--title={title}"] if title else []
    if limit := wish.get("time_limit"):
        as_seconds(str(limit)[:20])
        words.append(f"--time-limit={limit}")
    if wish.get("recipe"):
        words.append(f"--recipe={_one_of(wish, 'recipe', [one.name for one in list_recipes()])}")
    if wish.get("backbone"):
        words.append(f"--backbone={_one_of(wish, 'backbone', ['none', *(one.name for one in list_stored())])}")
    if wish.get("laterality"):
        words.append(f"--laterality={_one_of(wish, 'laterality', LATERALITY)}")
    words += [f"--{name}={text}" for name in ("positive", "together") if (text := _text(wish, name))]
    words += [f"--{name}={','.join(names)}" for name in ("classes", "subgroups") if (names := _names(wish, name))]
    seed = wish.get("seed") or 0
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**31:
        raise _refuse("The seed has to be a whole number from 0 to 2147483647.")
    return [*words, f"--seed={seed}", *(f"--set={one}" for one in _settings(wish))]


def extra_command(kind: str, folder: Path, project: Path) -> list[str]:
    """The command that adds something to a finished run.

    Args:
        kind: learning-curve, paper, look or explain.
        folder: The run folder.
        project: Of the images.

    Raises:
        InputError: There is nothing to explain.
    """
    if kind != "explain":
        return [kind, str(folder), "--quiet"]
    images = [str(project / image) for image in _tested(folder)]
    if not images:
        raise InputError("The run tested no image that is still here.", remedy="Repeat the run.", code="no-images")
    return ["explain", str(folder), *images, "--out", str(folder / "explained"), "--quiet"]


def read_title(wish: Mapping[str, Any]) -> str:
    """What the user calls a run; empty where nothing was said. Raises `Refusal` (400) where it is no text."""
    title = wish.get("title")
    return _text({"title": " ".join(title.split()) if isinstance(title, str) else title}, "title")


def _tested(folder: Path) -> list[str]:
    """Some of the tested images, spread evenly over those of each outcome."""
    rows = [row for row in RunFolder(folder).read_table("predictions.csv") if row.get("status", "in") != "out"]
    rows.sort(key=lambda row: (row.get("truth", ""), row.get("predicted", ""), row["image"]))
    return [row["image"] for row in rows[:: max(1, len(rows) // EXPLAINED)]][:EXPLAINED]


def _one_of(wish: Mapping[str, Any], name: str, allowed: Any) -> str:
    value = wish.get(name) or ("standard" if name == "preset" else None)
    if value not in tuple(allowed):
        raise _refuse(f"There is no {name} of that name; there are: {', '.join(allowed)}.")
    return str(value)


def _text(wish: Mapping[str, Any], name: str) -> str:
    value = wish.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST or _CONTROL.search(value):
        raise _refuse(f"The {name} has to be a text of at most {LONGEST} letters.")
    return value


def _names(wish: Mapping[str, Any], name: str) -> list[str]:
    values = wish.get(name) or []
    if not isinstance(values, list) or len(values) > 100:
        raise _refuse(f"The {name} have to be a list of names.")
    found = [_text({name: value}, name) for value in values]
    if any("," in one for one in found):
        raise _refuse("A name with a comma cannot be chosen alone.", "Rename the class, or choose all.")
    return [one for one in found if one]


def _settings(wish: Mapping[str, Any]) -> list[str]:
    values = wish.get("settings") or []
    if isinstance(values, dict):
        values = [f"{name}={value}" for name, value in values.items()]
    if not isinstance(values, list) or len(values) > 50:
        raise _refuse("Settings have to be a list such as epochs=40.")
    for one in values:
        if not isinstance(one, str) or not _SETTING.fullmatch(one):
            raise _refuse(f"{str(one)[:60]} is no setting.", "Write one in a line, as epochs=40.", "bad-setting")
        try:
            check_setting(one)
        except InputError as error:  # told before all images are read
            raise _refuse(error.message, error.remedy, "bad-setting") from error
    return list(values)


def _refuse(message: str, remedy: str = "Choose again.", code: str = "bad-wish") -> Refusal:
    return Refusal(400, message, remedy, code)
