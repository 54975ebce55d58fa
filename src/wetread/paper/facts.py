"""What a run folder knows, read once: the only place of the paper kit that opens its files."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from wetread.dataset.table import COMPANION, NO_FINDING, SKIPPED, unquote_formula
from wetread.errors import InputError
from wetread.evaluation.predictions import refuse_lost_probabilities
from wetread.evaluation.recalibration import was_fitted
from wetread.outcome import in_units, is_external
from wetread.paper.wording import without_names
from wetread.run_folder import RunFolder

CROSS_VALIDATION = "cross-validation"

#: The rule by which a model is chosen inside the folds; any other names the model that is used.
BY_GAIN = "by gain"

#: Columns that every images.csv has, or that name files: never characteristics of a patient.
_OURS = frozenset(("image", "label", "patient", "group", "split", "fold", "sha256", "status", "reason", "uncertain"))


#: A reason that holds the name of the user's table.
_NOT_NAMED = re.compile(r"^not named in .*")


@dataclass(frozen=True)
class Image:
    """One row of images.csv, without its name.

    Attributes:
        names: Its class or findings; ``no finding`` where an image can have several and has none; none if unlabelled.
        patient: Key of the patient; where patients are not known, of the picture and its copies. Never shown.
        split: cv, train, test or unlabelled.
        extra: The user's own columns, by name in lower case.
    """

    names: tuple[str, ...]
    patient: str
    split: str
    extra: Mapping[str, str]


@dataclass(frozen=True)
class Facts:
    """The files of a finished run. Optional ones are empty where they are missing or damaged.

    Attributes:
        run: run.json.
        plan: Decision -> value.
        reasons: Decision -> reason.
        measured: fingerprint.json.
        numbers: numbers.json.
        images: Used images that have a label, in the order of images.csv.
        unlabelled: How many images were predicted only.
        excluded: Reason -> images that were meant to take part and did not.
        beside: Kind -> files that are no images of the set.
        findings: findings.json: code, title, severity and sentence, without names of files.
        trust: Lights of trust.json.
        refusal: refusal.json.
        external: External tests without their names: metrics, n and the change of the AUROC against the own test.
        overlap: Of a test elsewhere: how many images the model knew, and what could not be compared.
        learning_curve: learning_curve.json.
        readers: readers.json.
        explained: Methods of the heatmaps -> maps.
        explained_cases: Images that have any.
        epochs: Of each network that counts, how many it was trained for.
    """

    run: Mapping[str, Any]
    plan: Mapping[str, Any]
    reasons: Mapping[str, str]
    measured: Mapping[str, Any]
    numbers: Mapping[str, Any]
    images: tuple[Image, ...]
    unlabelled: int
    excluded: Mapping[str, int]
    beside: Mapping[str, int]
    findings: tuple[Mapping[str, Any], ...] = ()
    trust: tuple[Mapping[str, Any], ...] = ()
    refusal: Mapping[str, Any] = field(default_factory=dict)
    external: tuple[Mapping[str, Any], ...] = ()
    overlap: Mapping[str, Any] = field(default_factory=dict)
    learning_curve: Mapping[str, Any] = field(default_factory=dict)
    readers: Mapping[str, Any] = field(default_factory=dict)
    explained: Mapping[str, int] = field(default_factory=dict)
    explained_cases: int = 0
    epochs: tuple[int, ...] = ()

    @property
    def several(self) -> bool:
        """An image can have several findings."""
        return bool(self.numbers["task"] == "multilabel")

    @property
    def classes(self) -> list[str]:
        """Classes or findings, in the order of numbers.json."""
        return list(self.numbers["classes"])

    @property
    def positive(self) -> str | None:
        """The class that sensitivity speaks of; None for more than two."""
        return self.numbers.get("positive")

    @property
    def grouping(self) -> str:
        """How patients are known: column, dicom, filename, folder or none."""
        return str(self.numbers.get("grouping") or self.run.get("grouping") or "none")

    @property
    def knows_patients(self) -> bool:
        """Whether the data say which images belong to one patient."""
        return self.grouping != "none"

    @property
    def repeats(self) -> int:
        """Divisions that were finished and count; planned ones where numbers.json does not tell."""
        finished = (self.numbers.get("repeats") or {}).get("auroc") or []
        return len(finished) or int(self.plan.get("repeats") or 1)

    @property
    def crossed(self) -> bool:
        """Whether every image was tested in turn, by cross-validation."""
        return bool(self.numbers["estimate"] == CROSS_VALIDATION)

    @property
    def rule(self) -> str:
        """By which rule a model was chosen: `BY_GAIN`, or the one that the plan names."""
        return str(self.plan.get("choice") or (self.numbers.get("choices") or {}).get("rule") or BY_GAIN)

    @property
    def tests_elsewhere(self) -> bool:
        """Whether this is the test of a model that another run made, so that nothing was fitted here."""
        return is_external(self.numbers)

    @cached_property
    def patients(self) -> int:
        """Different patients among the labelled images; 0 where they are not known."""
        return len({image.patient for image in self.images}) if self.knows_patients else 0

    @cached_property
    def pictures(self) -> int:
        """Different pictures among the labelled images, where patients are not known and some are copies; else 0."""
        different = len({image.patient for image in self.images})
        return different if not self.knows_patients and different < len(self.images) else 0

    @property
    def unit(self) -> str:
        """Of what there are fewer than images, and what partitions keep together; empty where each image is one."""
        return "patient" if self.knows_patients else "different picture" if self.pictures else ""

    @property
    def units(self) -> str:
        """What was resampled, in the words of the tables (`wetread.outcome.in_units`)."""
        return in_units("patients", self.knows_patients)

    @property
    def calibrated(self) -> bool:
        """Whether any probability was corrected; what was planned, where the run does not tell."""
        stored = self.numbers.get("recalibration")
        if not stored:
            return str(self.plan.get("calibration") or "none") != "none"
        return any(map(any, map(was_fitted, [*stored["folds"], stored["final"]])))

    @cached_property
    def columns(self) -> list[str]:
        """The user's own columns in which any image has a value, in alphabetical order."""
        names = sorted({name for image in self.images[:1] for name in image.extra})
        return [name for name in names if any(image.extra[name] for image in self.images)]

    @property
    def methods(self) -> list[str]:
        """How the intervals of this run were found, each once."""
        found: dict[str, None] = {}
        for one in _intervals(self.numbers):
            found[str(one["method"])] = None
        return list(found)


def read_facts(folder: RunFolder) -> Facts:
    """Reads a finished run.

    Args:
        folder: Of a run whose numbers are there.

    Raises:
        InputError: No model was tested in it (a check, a dry run, a run that was stopped), or a file is damaged.
    """
    if not (folder.path / "numbers.json").is_file():
        raise InputError(
            f"In {folder.path} no model was tested, so there is nothing to write a paper about.",
            remedy=(
                "It is a check, or was stopped: do the run with wetread run DATA (--resume goes on with a stopped one)."
            ),
            file=folder.path,
            code="no-numbers",
        )
    numbers, table = folder.read_json("numbers.json"), folder.read_table("images.csv")
    if (
        not isinstance(numbers, dict)
        or not {"task", "classes", "estimate", "metrics", "n"} <= numbers.keys()
        or not table
    ):
        raise InputError(
            f"numbers.json or images.csv of {folder.path} is damaged.",
            remedy="Repeat the run.",
            file=folder.path,
            code="no-run",
        )
    if (folder.path / "predictions.csv").is_file():
        refuse_lost_probabilities(
            folder.path / "predictions.csv", folder.read_table("predictions.csv"), numbers["classes"]
        )
    decisions = _plan(folder)
    hidden = _names(table)
    index = _optional(folder, "heatmaps/index.json")
    return Facts(
        run=folder.read_json("run.json"),
        plan={name: entry["value"] for name, entry in decisions.items()},
        reasons={name: str(entry.get("reason", "")) for name, entry in decisions.items()},
        measured=_optional(folder, "fingerprint.json"),
        numbers=numbers,
        images=tuple(_images(table, numbers)),
        unlabelled=sum(row["status"] != SKIPPED and not row["label"] for row in table),
        excluded=_excluded(table, hidden),
        beside=_beside(table, hidden),
        findings=tuple(_finding(one, hidden) for one in _rows(_optional(folder, "findings.json"))),
        trust=tuple(_finding(one, hidden) for one in _rows(_optional(folder, "trust.json"), "lights")),
        refusal=_mapping(_optional(folder, "refusal.json")),
        external=tuple(_external(folder)),
        overlap=_mapping(_mapping(_optional(folder, "external.json")).get("overlap")),
        learning_curve=_mapping(_optional(folder, "learning_curve.json")),
        readers=_mapping(_optional(folder, "readers.json")),
        explained=_explained(index),
        explained_cases=sum(bool(_rows(case.get("maps") or [])) for case in _rows(_mapping(index).get("cases") or [])),
        epochs=_epochs(folder, len((numbers.get("repeats") or {}).get("auroc") or []) or None),
    )


def _plan(folder: RunFolder) -> dict[str, dict[str, Any]]:
    try:
        stored = yaml.safe_load((folder.path / "plan.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    entries = stored.items() if isinstance(stored, dict) else ()
    return {str(name): entry for name, entry in entries if isinstance(entry, dict) and "value" in entry}


def _optional(folder: RunFolder, name: str) -> Any:
    """A file that may be missing: a kit from a run made by an earlier version is better than none."""
    try:
        return json.loads((folder.path / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _mapping(stored: Any) -> dict[str, Any]:
    return stored if isinstance(stored, dict) else {}


def _rows(stored: Any, key: str = "") -> list[dict[str, Any]]:
    """The entries of a list, of a list below a key, or of a dict by name."""
    if isinstance(stored, dict):
        stored = stored[key] if isinstance(stored.get(key), list) else list(stored.values())
    return [one for one in stored if isinstance(one, dict)] if isinstance(stored, list) else []


def _images(table: list[dict[str, str]], numbers: Mapping[str, Any]) -> Iterator[Image]:
    """The images that have a label, with the user's own columns."""
    known, several = set(numbers["classes"]) | {NO_FINDING}, numbers["task"] == "multilabel"
    own = {name: name.strip().lower() for name in table[0] if name not in _OURS and not name.startswith("fold_")}
    for row in table:
        if row["status"] == SKIPPED or not row["label"]:
            continue
        label = unquote_formula(row["label"])
        names = tuple(name for name in (label.split("|") if several else [label]) if name in known)
        extra = {title: unquote_formula(row[name] or "").strip() for name, title in own.items()}
        yield Image(names or (NO_FINDING,), row["patient"] or row["group"], row["split"], extra)


def _names(table: list[dict[str, str]]) -> frozenset[str]:
    """Everything in the table that could tell who is meant."""
    found = set()
    for row in table:
        if not row["reason"].startswith(COMPANION):
            name = row["image"].rpartition("/")[2]
            stem = name.rpartition(".")[0]
            found |= {row["image"], name, row["patient"]}
            # A name without its ending may be a plain word, such as a class; one with a digit is not.
            if any(letter.isdigit() for letter in stem):
                found.add(stem)
    return frozenset(found - {"", *(row["label"] for row in table)})


def _excluded(table: list[dict[str, str]], hidden: frozenset[str]) -> dict[str, int]:
    reasons = Counter(
        without_names(_NOT_NAMED.sub("not named in the table of labels", unquote_formula(row["reason"])), hidden)
        for row in table
        if row["status"] == SKIPPED and not row["reason"].startswith(COMPANION)
    )
    return dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0])))


def _beside(table: list[dict[str, str]], hidden: frozenset[str]) -> dict[str, int]:
    kinds = Counter(
        without_names(row["reason"].removeprefix(COMPANION), hidden)
        for row in table
        if row["status"] == SKIPPED and row["reason"].startswith(COMPANION)
    )
    return dict(sorted(kinds.items(), key=lambda one: (-one[1], one[0])))


def _finding(one: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    texts = {name: without_names(one[name], hidden) for name in ("title", "sentence", "evidence") if name in one}
    return {**{name: one[name] for name in ("code", "severity", "light", "name") if name in one}, **texts}


def _external(folder: RunFolder) -> Iterator[dict[str, Any]]:
    """Tests on data from elsewhere, by the names of their folders, which are not told."""
    for path in sorted(folder.path.glob("external/*/external.json")):
        one = RunFolder(path.parent)
        numbers, compared = _mapping(_optional(one, "numbers.json")), _mapping(_optional(one, "external.json"))
        if numbers.get("metrics"):
            rows = {row.get("name"): row for row in _rows(compared.get("rows") or [])}
            change = (rows.get("auroc") or {}).get("difference")
            yield {"metrics": numbers["metrics"], "n": numbers.get("n") or {}, "change": change}


def _epochs(folder: RunFolder, finished: int | None) -> tuple[int, ...]:
    """The last epoch of each fit; divisions that were begun and do not count are left out, unless none is known."""
    last: dict[tuple[str, ...], int] = {}
    for row in folder.read_history():
        if finished is None or int(row["repeat"]) <= finished:  # the model that is handed over has repeat 0
            fit = (row["repeat"], row["fold"], row["inner"])
            last[fit] = max(last.get(fit, 0), int(row["epoch"]))
    return tuple(last.values())


def _explained(index: Any) -> dict[str, int]:
    cases = _rows(_mapping(index).get("cases") or [])
    return dict(Counter(str(one.get("method")) for case in cases for one in _rows(case.get("maps") or [])))


def _intervals(stored: Any) -> list[dict[str, Any]]:
    """Every number with an interval, wherever it stands; curves, which have thousands of points, are left out."""
    if isinstance(stored, list):
        return [one for entry in stored for one in _intervals(entry)]
    if not isinstance(stored, dict):
        return []
    own = [stored] if {"value", "low", "high", "method"} <= stored.keys() else []
    return own + [one for name, entry in stored.items() if name != "curves" for one in _intervals(entry)]
