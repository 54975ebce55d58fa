"""Which images stand in which part of a study, and how many patients they are of."""

from __future__ import annotations

from dataclasses import dataclass

from wetread.dataset.table import NO_FINDING
from wetread.paper.facts import Facts, Image
from wetread.paper.wording import say_name

#: split of images.csv -> what the part is called, in the order of the work.
_TITLES = {"train": "Training", "tune": "Tuning", "cv": "All (cross-validation)", "test": "Test"}


@dataclass(frozen=True)
class Part:
    """One part of the data: its name, the split it has in images.csv, and its images."""

    title: str
    split: str
    images: tuple[Image, ...]

    def of(self, name: str) -> Part:
        """Its images with one class or finding."""
        return Part(self.title, self.split, tuple(image for image in self.images if name in image.names))

    @property
    def patients(self) -> int:
        """Different patients; where they are not known, different pictures."""
        return len({image.patient for image in self.images})


def find_parts(facts: Facts) -> list[Part]:
    """The parts of a study that hold labelled images, training before test.

    Args:
        facts: Of the run.
    """
    found = []
    for split, title in _TITLES.items():
        images = tuple(image for image in facts.images if image.split == split)
        if images:
            found.append(Part(title, split, images))
    return found


def say_class(name: str) -> str:
    """A class or finding in words; of several findings, that an image has none of those in question."""
    return "none of these findings" if name == NO_FINDING else say_name(name)


def class_names(facts: Facts) -> list[str]:
    """The classes, and where an image can have several findings also those that have none of them."""
    without = [NO_FINDING] if facts.several and any(image.names == (NO_FINDING,) for image in facts.images) else []
    return [*facts.classes, *without]
