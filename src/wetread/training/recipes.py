"""Named recipes: what people learnt with, as plan files. They hold the decisions that the root fixes, and no others.

Training is repeated to the letter, slips included, and the file says which; evaluation stays ours (patients kept apart,
intervals, a test that training never sees).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from wetread.errors import InputError

FOLDER = Path(__file__).with_name("recipes")


@dataclass(frozen=True)
class Recipe:
    """One recipe.

    Attributes:
        name: As ``--recipe`` takes it.
        path: The plan file.
        about: What it does, in one sentence.
        notes: Where it comes from, and what is more honest here; the rest of the comment at the top of the file.
    """

    name: str
    path: Path
    about: str
    notes: str


def list_recipes() -> tuple[Recipe, ...]:
    """All recipes, by name."""
    return tuple(_read(path) for path in _paths())


def recipe_path(name: str) -> Path:
    """The plan file of a recipe.

    Args:
        name: As `list_recipes` has it; upper case and underscores are forgiven.

    Raises:
        InputError: There is no such recipe.
    """
    wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
    known = [path.stem for path in _paths()]
    if wanted in known:
        return FOLDER / f"{wanted}.yaml"
    close = difflib.get_close_matches(wanted, known, 2, 0.5)
    raise InputError(
        f"There is no recipe {name}; there are: {', '.join(known)}.",
        remedy=f"Did you mean {' or '.join(close)}?" if close else "Choose one of these, or leave --recipe out.",
        code="unknown-recipe",
    )


def _paths() -> list[Path]:
    return sorted(FOLDER.glob("*.yaml"), key=lambda path: path.stem)


def _read(path: Path) -> Recipe:
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return Recipe(path.stem, path, lines[0], " ".join(lines[1:]))
