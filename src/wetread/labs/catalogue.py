"""What labs there are. Light: a lab's own file is loaded when it is done."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from wetread.errors import InputError


@dataclass(frozen=True)
class Lab:
    """One lab.

    Attributes:
        name: As `wetread lab` takes it.
        title: One line.
        question: What it asks.
        minutes: Of the whole form on two quiet cores.
        made_by: Module below ``wetread.labs``, and its function.
        takes_data: Whether ``--data`` means something to it, and what.
    """

    name: str
    title: str
    question: str
    minutes: float
    made_by: tuple[str, str]
    takes_data: str = ""


_ORIGINAL = "the original experiment{}.tm, or the folder that holds it"
LABS: dict[str, Lab] = {
    one.name: one
    for one in (
        Lab(
            "hemorrhage-1",
            "Bleeding or not, from 30 and 30 slices",
            "What can be learnt from 60 slices, and how much of the number is luck?",
            2.0,
            ("hemorrhage", "first"),
            _ORIGINAL.format(1),
        ),
        Lab(
            "hemorrhage-2",
            "Bleeding or not, from 30 and 1000 slices",
            "How can a model be right 97 times of 100 and miss every bleed?",
            3.0,
            ("hemorrhage", "second"),
        ),
        Lab(
            "hemorrhage-3",
            "Bleeding or not, from 1000 and 1000 slices",
            "What do thirty times as many slices bring?",
            5.0,
            ("hemorrhage", "third"),
        ),
        Lab(
            "hemorrhage-4",
            "Normal, parenchymal or subdural, 3 x 80 grey slices",
            "What can be told apart through a window that is too wide?",
            2.5,
            ("hemorrhage", "fourth"),
            _ORIGINAL.format(4),
        ),
        Lab(
            "hemorrhage-5",
            "The same three with 50 to 95 HU in red",
            "Does colour help, or does it mend a bad window?",
            3.5,
            ("hemorrhage", "fifth"),
            _ORIGINAL.format(5),
        ),
        Lab(
            "repeat",
            "Once more, please",
            "Why does the same data give another number each time, and what stays the same?",
            3.0,
            ("repeat", "repeat"),
        ),
        Lab(
            "shortcut",
            "A mark that gives it away",
            "What is a number worth when the device goes with the label?",
            3.5,
            ("shortcut", "shortcut"),
        ),
        Lab(
            "leak",
            "A coin that can be predicted",
            "What happens when slices of one patient are on both sides of the split?",
            2.0,
            ("leak", "leak"),
        ),
        Lab(
            "label-noise",
            "Wrong labels",
            "What do wrong labels spoil more, the model or the number?",
            2.5,
            ("label_noise", "label_noise"),
        ),
        Lab(
            "imbalance",
            "Rare diseases",
            "Why does accuracy rise when a disease becomes rarer?",
            2.5,
            ("imbalance", "imbalance"),
        ),
        Lab(
            "not-my-kind-of-image",
            "Not my kind of image",
            "What does a model of chest films say about a head, and how could it hold its tongue?",
            3.0,
            ("not_my_kind", "not_my_kind_of_image"),
        ),
        Lab(
            "learning-rate",
            "Too small, right, too large",
            "How does a learning rate show in the loss?",
            3.0,
            ("learning_rate", "learning_rate"),
        ),
        Lab(
            "how-many-cases",
            "How many more cases?",
            "Can twice the cases be forecast from half of them?",
            2.5,
            ("how_many_cases", "how_many_cases"),
        ),
    )
}


def find_lab(name: str) -> Lab:
    """The lab of a name; upper case, spaces and underscores are forgiven.

    Raises:
        InputError: There is none.
    """
    wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
    if wanted in LABS:
        return LABS[wanted]
    close = difflib.get_close_matches(wanted, list(LABS), 2, 0.5)
    raise InputError(
        f"There is no lab {name}.",
        remedy=f"Did you mean {' or '.join(close)}?" if close else "`wetread lab` lists the labs.",
        code="no-lab",
    )
