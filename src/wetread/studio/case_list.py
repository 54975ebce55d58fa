"""Cases filtered, counted, sorted and cut into pages; the answers of the Cases page."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wetread.evaluation.predictions import UNLABELLED
from wetread.shapes import Bools, Floats, Ints
from wetread.studio.calls import calls_of
from wetread.studio.cases import SPLITS, TRAIN, Cases
from wetread.studio.operating import stored_threshold

#: unknown: held out, but whether it has the asked finding is not known, so it is in no cell.
OUTCOMES = ("tp", "fp", "fn", "tn", "right", "wrong", "unknown")
STATUSES = ("in", "edge", "out")
SORTS = ("file", "confidence", "doubt")
#: What can be filtered by, each with a count of what is left under all the others.
_FACETS = ("truth", "predicted", "outcome", "status", "split", "doubt")


@dataclass(frozen=True)
class Wish:
    """What the reader asks for; empty words ask for everything.

    Attributes:
        truth: A class; of several findings, cases that have it.
        predicted: A class; of several findings, cases called to have it.
        outcome: One of `OUTCOMES`.
        status: in, edge or out.
        split: test, train or unlabelled.
        finding: The class or finding that true and false positives speak of.
        sort: file (as in images.csv), confidence (the surest first) or doubt (the least sure first).
        threshold: To call the asked class at; None for the run's own.
        doubt: Only cases whose label was doubted.
    """

    truth: str = ""
    predicted: str = ""
    outcome: str = ""
    status: str = ""
    split: str = ""
    finding: str = ""
    sort: str = "file"
    threshold: float | None = None
    doubt: bool = False


class Found:
    """Cases under a wish.

    Args:
        cases: Of the run.
        numbers: Of numbers.json, for the stored thresholds.
        wish: What is asked for.
        notes: Id of a case -> its ``text`` and ``doubt``, and ``name`` and ``item`` in a project.

    Raises:
        InputError: The wish names a class that is not there.
    """

    def __init__(
        self, cases: Cases, numbers: Mapping[str, Any], wish: Wish, notes: Mapping[int, Mapping[str, Any]]
    ) -> None:
        self.cases, self.wish, self.notes = cases, wish, notes
        self.asked = cases.column(wish.finding)
        self._stored = None if self.asked is None else stored_threshold(numbers, cases.classes[self.asked])
        for name in (wish.truth, wish.predicted):
            cases.column(name)

    @functools.cached_property
    def called(self) -> Bools:
        """``case class``: what is called, at the threshold asked for."""
        cases, column = self.cases, self.asked
        if column is None or self.wish.threshold is None:
            return cases.called
        calls = calls_of(cases.p[:, column], cases.called[:, column], cases.cuts[:, column], self._stored)
        called = cases.called.copy()
        called[:, column] = calls.at(self.wish.threshold)
        if cases.positive is not None:
            called[:, 1 - column] = ~called[:, column] & np.isfinite(cases.p[:, column])
        return called

    @functools.cached_property
    def outcomes(self) -> list[str]:
        """tp, fp, fn or tn of the asked class, else right or wrong; empty for what is not counted.

        A refused picture is in the cell of what would have been called, as in numbers.json: the same cell on the page
        of results has to hold the same pictures.
        """
        cases = self.cases
        known = np.isfinite(cases.truth)
        if self.asked is None:
            right = ((cases.truth == 1) == self.called) | ~known
            told = np.where(right.all(axis=1), "right", "wrong")
            counts = cases.held_out & known.any(axis=1)
        else:
            truth, called = cases.truth[:, self.asked] == 1, self.called[:, self.asked]
            told = np.where(truth, np.where(called, "tp", "fn"), np.where(called, "fp", "tn"))
            counts = cases.held_out & known[:, self.asked]
        return list(np.where(counts, told, "").tolist())

    @functools.cached_property
    def sureness(self) -> Floats:
        """How far each case lies from being called otherwise; NaN for what was not predicted."""
        cases = self.cases
        if self.asked is not None:
            column = self.asked
            calls = calls_of(cases.p[:, column], cases.called[:, column], cases.cuts[:, column], self._stored)
            if calls.stored is not None:
                at = calls.stored if self.wish.threshold is None else self.wish.threshold
                return np.asarray(np.abs(calls.aligned - at))
        if cases.task == "multilabel":
            return np.asarray(np.abs(cases.p - cases.cuts).min(axis=1))
        ordered = np.sort(cases.p, axis=1)
        return np.asarray(ordered[:, -1] - ordered[:, -2])

    @functools.cached_property
    def _masks(self) -> dict[str, Bools]:
        """Filter -> which cases pass it; only filters that are set."""
        cases, wish = self.cases, self.wish
        masks: dict[str, Bools] = {}
        if wish.truth:
            masks["truth"] = np.asarray(cases.truth[:, cases.classes.index(wish.truth)] == 1)
        if wish.predicted:
            masks["predicted"] = self.called[:, cases.classes.index(wish.predicted)] & cases.held_out
        if wish.outcome:
            wanted = {"right": ("tp", "tn", "right"), "wrong": ("fp", "fn", "wrong")}.get(wish.outcome, (wish.outcome,))
            masks["outcome"] = np.isin(np.array(self.outcomes), wanted)
            if wish.outcome == "unknown":
                masks["outcome"] = self._unknown
        if wish.status:
            masks["status"] = np.array([one == wish.status for one in cases.statuses], dtype=np.bool_)
        if wish.split:
            masks["split"] = np.array([one == wish.split for one in cases.splits], dtype=np.bool_)
        if wish.doubt:
            masks["doubt"] = self._doubted
        return masks

    @functools.cached_property
    def _unknown(self) -> Bools:
        return self.cases.held_out & np.array([one == "" for one in self.outcomes], dtype=np.bool_)

    @functools.cached_property
    def _doubted(self) -> Bools:
        return np.array([bool(self.notes.get(int(one), {}).get("doubt")) for one in self.cases.ids], dtype=np.bool_)

    def _passing(self, without: str = "") -> Bools:
        passed = np.ones(len(self.cases.ids), dtype=np.bool_)
        for name, mask in self._masks.items():
            if name != without:
                passed &= mask
        return passed

    @functools.cached_property
    def order(self) -> Ints:
        """Places of the cases that pass, sorted; ties as in images.csv, what was not predicted last."""
        places = np.flatnonzero(self._passing())
        if self.wish.sort == "file":
            return places
        sure = np.round(self.sureness[places], 9)  # 0.9 - 0.5 and 0.5 - 0.1 are as sure
        key = np.where(np.isfinite(sure), -sure if self.wish.sort == "confidence" else sure, np.inf)
        return np.asarray(places[np.argsort(key, kind="stable")])

    def page(self, offset: int, limit: int) -> dict[str, Any]:
        """One page.

        Returns:
            ``total`` cases listed, ``counted`` of them held out, ``facets`` (of held-out cases alone, but for split),
            ``asked`` and ``cases``.
        """
        held = int(self.cases.held_out[self.order].sum())
        return {
            "total": len(self.order),
            "counted": held,
            "facets": self.facets(),
            "asked": None if self.asked is None else self.cases.classes[self.asked],
            "stored": self._stored,
            "cases": [self.tell(int(place)) for place in self.order[offset : offset + limit]],
        }

    def facets(self) -> dict[str, Any]:
        """Filter -> value -> how many cases it would leave under all other filters."""
        cases, found = self.cases, {}
        for name in _FACETS:
            left = self._passing(without=name)
            held = left & cases.held_out
            if name == "split":
                found[name] = _count([cases.splits[n] for n in np.flatnonzero(left)], SPLITS)
            elif name == "status":
                found[name] = _count([cases.statuses[n] for n in np.flatnonzero(held)], STATUSES)
            elif name == "outcome":
                found[name] = self._count_outcomes(held)
            elif name == "doubt":
                found[name] = {"1": int((left & self._doubted).sum())}
            else:
                table = cases.truth == 1 if name == "truth" else self.called
                found[name] = dict(zip(cases.classes, table[held].sum(axis=0).tolist(), strict=True))
        return found

    def _count_outcomes(self, held: Bools) -> dict[str, int]:
        counts = _count([self.outcomes[n] for n in np.flatnonzero(held)], OUTCOMES)
        if self.asked is not None:
            counts |= {"right": counts["tp"] + counts["tn"], "wrong": counts["fp"] + counts["fn"]}
        return counts | {"unknown": int((held & self._unknown).sum())}

    def tell(self, place: int) -> dict[str, Any]:
        """One case as the list shows it."""
        cases, case = self.cases, int(self.cases.ids[place])
        known, note = np.isfinite(cases.p[place]), self.notes.get(case, {})
        told: dict[str, Any] = {
            "id": case,
            "name": note.get("name") or cases.names[place],
            "truth": cases.say_truth(place),
            "predicted": cases.say_called(place, self.called),
            "p": {
                name: round(float(p), 6)
                for name, p, here in zip(cases.classes, cases.p[place], known, strict=True)
                if here
            },
            "cut": self._cut(place),
            "outcome": self.outcomes[place],
            "status": cases.statuses[place],
            "unsure": self._unsure(place),
            "split": cases.splits[place],
            "fold": cases.folds[place],
            "patient": cases.patients[place],
            "note": note.get("text", ""),
            "doubt": bool(note.get("doubt")),
            "item": note.get("item"),
        }
        if cases.task == "multilabel":
            told["findings"] = self._findings(place)
        return told

    def _cut(self, place: int) -> float | None:
        """From which probability this very case is called, at the threshold asked for.

        Each fold has its own, so that it may lie beside the threshold on the slider.
        """
        if self.asked is None:
            return None
        cut, threshold = float(self.cases.cuts[place, self.asked]), self.wish.threshold
        if not np.isfinite(cut):
            return None
        if threshold is None or self._stored is None or not 0 < threshold < 1:
            return round(cut, 6) if threshold is None or self._stored is None else threshold
        odds = cut / max(1 - cut, 1e-12) * threshold / (1 - threshold) * (1 - self._stored) / max(self._stored, 1e-12)
        return round(odds / (1 + odds), 6)

    def _unsure(self, place: int) -> list[str]:
        """The classes that it may belong to where they are not one; of findings those that are unsure."""
        cases = self.cases
        if cases.sets is None or cases.statuses[place] == "out" or not np.isfinite(cases.p[place]).any():
            return []
        names = [name for name, inside in zip(cases.classes, cases.sets[place].tolist(), strict=True) if inside]
        return names if cases.task == "multilabel" or len(names) != 1 else []

    def _findings(self, place: int) -> dict[str, dict[str, Any]]:
        cases = self.cases
        told = {}
        for column, name in enumerate(cases.classes):
            truth, p = float(cases.truth[place, column]), float(cases.p[place, column])
            told[name] = {
                "truth": None if np.isnan(truth) else bool(truth),
                "p": None if np.isnan(p) else round(p, 6),
                "called": bool(self.called[place, column]),
            }
        return told

    def neighbours(self, case: int) -> dict[str, Any]:
        """Where a case stands under the wish: ``position`` from 0, ``total``, ``prev`` and ``next`` by id, or None."""
        places = np.flatnonzero(self.cases.ids[self.order] == case)
        total = len(self.order)
        if not len(places):
            return {"position": None, "total": total, "prev": None, "next": None}
        at = int(places[0])
        return {
            "position": at,
            "total": total,
            "prev": int(self.cases.ids[self.order[at - 1]]) if at else None,
            "next": int(self.cases.ids[self.order[at + 1]]) if at + 1 < total else None,
        }


def badge_of(split: str) -> str:
    """What stands beside a case that is not counted; empty for held-out ones."""
    return {
        TRAIN: "The model was trained on this picture: it is no test, and counted nowhere.",
        UNLABELLED: "It has no label, so there is nothing to compare with, and it is counted nowhere.",
    }.get(split, "")


def _count(values: list[str], names: tuple[str, ...]) -> dict[str, int]:
    return {name: values.count(name) for name in names}
