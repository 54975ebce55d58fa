"""What one run answers about pictures: a prediction or a refusal, a heatmap, the nearest training cases.

Lives in the warm child (``predictor_process``), never in the server. Pictures have numbers here, never names: a case is
the row of images.csv, counted from 0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from wetread.dataset.table import USED, Row, unquote_formula
from wetread.errors import ModelRejected
from wetread.explanation.agreement import agree
from wetread.explanation.heatmap import WHOLE, Heatmap, common_scale
from wetread.explanation.methods import MEANINGS, TITLES, UNITS, explain, explain_many, methods_for
from wetread.explanation.nearest import nearest_training_cases
from wetread.explanation.on_files import ExplainedImage, answer, choose_methods, find_class
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.main_job.overlap import FILE, NEAR, PIXELS, open_tried, read_seen
from wetread.model.classifier import Classifier, load_classifier
from wetread.model.predict import predict_files

if TYPE_CHECKING:
    from wetread.dataset.fingerprints import Fingerprints
    from wetread.images.facts import DecodedImage
    from wetread.shapes import Floats, Picture

#: Cases of the run whose maps say how strong a map of this method usually is, where the report drew none.
REFERENCES = 4
#: Pictures of the run that a tried one is compared with closely.
LIKELIEST = 40
#: Splits whose rows the shipped model was fitted on.
TRAINED = ("train", "cv")


class Answers:
    """A run that was loaded once and is asked many times.

    Args:
        place: A run folder, or a model folder.

    Raises:
        ModelRejected: The model is missing or damaged.
    """

    def __init__(self, place: Path) -> None:
        self._tried = open_tried(place)
        self.classifier = self._tried.classifier
        # No cache of pixels: what was only tried must be gone when it is cleared.
        self._decoder = Decoder(1)
        self._fold: tuple[str, Classifier] | None = None
        self._limits: dict[tuple[str, str], tuple[float, str]] = {}

    def close(self) -> None:
        """Ends the decoding process."""
        self._decoder.close()

    # What is asked ---------------------------------------------------------------------------------------------------

    def methods(self) -> list[dict[str, Any]]:
        """The methods of explanation that this model allows, those shown first in front."""
        usual = choose_methods(self.classifier, [])
        names = [*usual, *(name for name in methods_for(self.classifier) if name not in usual)]
        return [{"name": name, "title": TITLES[name], "usual": name in usual} for name in names]

    def predict(self, source: Source) -> dict[str, Any]:
        """What the shipped model says of one picture.

        Returns:
            ``status`` (in, edge, out, or empty where the model cannot refuse), ``reason``, ``nearest`` (``case`` and
            ``likeness``, -1 to 1), ``seen`` (how the run knows this picture, else None), ``frame`` and ``frames``;
            and, unless the picture is refused, ``predicted``, ``p`` and ``unsure``. A refused picture has no class
            and no probability in any form.

        Raises:
            ImageRejected: It cannot be read.
        """
        image, source = self._read(source)
        (row,) = predict_files(self.classifier, [source], self._decoder)
        told: dict[str, Any] = {
            "status": row["status"],
            "reason": row["reason"],
            "nearest": self._nearest(image.pixels),
            "seen": self._seen(image),
            "frame": image.facts.frame_used,
            "frames": image.facts.frames,
        }
        if row["status"] == "out":
            return told
        probabilities = {name: row[f"p_{name}"] for name in self.classifier.classes}
        unsure = row["unsure"].split("|") if row["unsure"] else []
        return told | {"predicted": row["predicted"], "p": probabilities, "unsure": unsure}

    def nearest(self, source: Source) -> list[dict[str, Any]]:
        """The most alike training cases: ``case`` and ``likeness``; none where the model keeps none."""
        return self._nearest(self._read(source)[0].pixels)

    def heatmap(
        self,
        source: Source,
        method: str,
        target: str,
        case: int | None = None,
        beside: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Where a model looked.

        A held-out case is explained by the model of the fold that did not see it, as in the report, where that model
        is still there; else by the shipped one, which ``held_out`` then says.

        Args:
            source: The picture.
            method: One of `methods`; empty for the usual one.
            target: The class or finding to explain; empty for the usual one.
            case: Its row in images.csv; None for a picture from elsewhere.
            beside: A map of another method that was made before, to say how far the two agree.

        Returns:
            ``values`` (row by row, signed, as many cells as the method has), ``rows``, ``cols``, ``limit`` (what gets
            the full colour) and ``limit_from``, ``box`` (top, left, bottom, right of the picture, each in [0, 1]),
            ``target``, ``method``, ``title``, ``settings``, ``meaning`` (of the colours), ``unit`` (of ``limit``),
            ``empty``, ``model``, ``held_out``, ``agreement``. Of a refused picture only ``refused``: the reason.

        Raises:
            InputError: The method or class does not exist. ImageRejected: The picture cannot be read.
        """
        classifier, fold = self._model_for(case)
        if target:
            target = classifier.classes[find_class(classifier, target)]  # before anything is computed
        method = choose_methods(classifier, [method] if method else [])[0]
        image, _ = self._read(source)
        one = ExplainedImage("", image.pixels, image.facts)
        answer(classifier, [one], target or None)
        if self._held_out_status(case) == "out" or not one.is_explained:
            return {"refused": one.reason or "unlike the training pictures"}
        found = explain(classifier, image.pixels, one.target, method)
        if found is None:
            return {"refused": f"{TITLES[method]} has nothing to say of this picture"}
        limit, limit_from = self._limit(classifier, found)
        model = f"fold {fold}" if fold else "shipped"
        same = beside is not None and beside.get("model") == model
        return {
            **_as_json(found, limit),
            "limit": limit,
            "limit_from": limit_from,
            "model": model,
            "held_out": bool(fold) or not self._was_taught(case, image),
            "agreement": _agreement(found, beside) if same else None,
        }

    # Pictures and cases ----------------------------------------------------------------------------------------------

    def _read(self, source: Source) -> tuple[DecodedImage, Source]:
        """The picture as training saw it; and the source with its frame, so that one picture gets one answer.

        How training saw it stands in the shipped model; models of folds are stored without that.
        """
        image = self._decoder.decode(source, max_side=self.classifier.working_side, view=self.classifier.view)
        if source.frame is None and image.facts.frames > 1:
            source = replace(source, frame=image.facts.frame_used)
        return image, source

    @cached_property
    def _rows(self) -> list[dict[str, str]]:
        """The rows of images.csv; none where only a model folder was given."""
        return self._tried.folder.read_table("images.csv") if self._tried.folder is not None else []

    @cached_property
    def _case_of(self) -> dict[str, int]:
        return {unquote_formula(row["image"]): number for number, row in enumerate(self._rows)}

    @cached_property
    def _case_of_kept(self) -> dict[int, int]:
        """Row number inside the model -> case. The two differ: the table also holds files that were skipped."""
        table = self._tried.folder.read_table("refusal.csv") if self._tried.folder is not None else []
        named = {int(row["row"]): unquote_formula(row["image"]) for row in table}
        return {number: self._case_of[name] for number, name in named.items() if name in self._case_of}

    @cached_property
    def _statuses(self) -> dict[int, str]:
        table = self._tried.folder.read_table("predictions.csv") if self._tried.folder is not None else []
        named = {unquote_formula(row["image"]): row.get("status") or "" for row in table}
        return {self._case_of[name]: status for name, status in named.items() if name in self._case_of}

    def _held_out_status(self, case: int | None) -> str:
        return "" if case is None else self._statuses.get(case, "")

    def _split(self, case: int | None) -> str:
        return self._rows[case]["split"] if case is not None and case < len(self._rows) else ""

    def _nearest(self, picture: Picture) -> list[dict[str, Any]]:
        if self.classifier.refusal is None:
            return []
        (rows,), (likeness,) = nearest_training_cases(self.classifier, [picture])
        pairs = zip(rows.tolist(), likeness.tolist(), strict=True)
        return [
            {"case": self._case_of_kept[row], "likeness": round(like, 4)}
            for row, like in pairs
            if row in self._case_of_kept
        ]

    def _seen(self, image: DecodedImage) -> dict[str, Any] | None:
        """How the run knows this picture: by its bytes, by its pixels, or nearly; and whether it was trained on it."""
        from wetread.dataset.fingerprints import DIGITS

        for case, row in enumerate(self._rows):
            if row["sha256"] == image.file_sha256 and row["status"] == USED and row["label"]:
                return self._known(FILE, case)
        known, digest = self._memory.fingerprints, image.pixel_sha256[:DIGITS]
        if known is not None and digest in known.pixels:
            return self._known(PIXELS, self._case_of.get(known.images[known.pixels.index(digest)]))
        if digest in self._memory.pixels:
            return {"how": PIXELS, "case": None, "training": True}
        near = self._find_near(known, image.pixels) if known is not None and known.complete and known.images else None
        return None if near is None else self._known(NEAR, self._case_of.get(near))

    def _find_near(self, known: Fingerprints, picture: Picture) -> str | None:
        """The image that a picture is nearly the same as; looked for among those most alike at a glance.

        To compare closely with 4000 takes seconds, with the likeliest no time. The rule for near copies asks for almost
        equal thumbnails, and those look alike at a glance too.
        """
        from wetread.dataset.fingerprints import Fingerprints, find_near

        alike = self._outlines @ outline(picture)
        some = np.argsort(-alike, kind="stable")[:LIKELIEST]
        images, pixels = [known.images[n] for n in some], [known.pixels[n] for n in some]
        near = find_near(
            Fingerprints(images, pixels, known.thumbnails[some]), [Row("", Source(Path()), picture=picture)]
        )
        return images[near[0]] if near else None

    @cached_property
    def _outlines(self) -> Floats:
        return np.stack([outline(one) for one in self._memory.fingerprints.thumbnails])

    @cached_property
    def _memory(self) -> Any:
        return read_seen(self._tried)

    def _known(self, how: str, case: int | None) -> dict[str, Any]:
        return {"how": how, "case": case, "training": self._split(case) in TRAINED}

    def _was_taught(self, case: int | None, image: DecodedImage) -> bool:
        """Whether the shipped model was fitted on a picture, under whatever name."""
        if case is not None:
            return self._split(case) in TRAINED
        seen = self._seen(image)
        return seen is not None and bool(seen["training"])

    # Models and scales -----------------------------------------------------------------------------------------------

    def _model_for(self, case: int | None) -> tuple[Classifier, str]:
        """The model that did not see a case, and its fold; the shipped one and nothing where there is none."""
        if case is None or self._tried.folder is None or self._split(case) != "cv":
            return self.classifier, ""
        fold = self._rows[case]["fold"]
        if self._fold is None or self._fold[0] != fold:
            try:
                place = self._tried.folder.path / "folds" / f"r1f{int(fold)}"
                chosen = json.loads((place / "fold.json").read_text(encoding="utf-8"))["chosen"]
                # An ensemble of a fold is not stored as such: its cases fall back to the shipped model.
                loaded = load_classifier(place / chosen, backbone=self.classifier.backbone, trusted=True)
            except (OSError, ValueError, KeyError, TypeError, ModelRejected):
                return self.classifier, ""
            self._fold = fold, loaded
        return self._fold[1], fold

    def _limit(self, classifier: Classifier, found: Heatmap) -> tuple[float, str]:
        """What gets the full colour: the same for all cases of this method and kind of model."""
        key = classifier.rung, found.method
        if key not in self._limits:
            index = self._tried.folder.find_json("heatmaps/index.json") if self._tried.folder is not None else None
            cases = (index or {}).get("cases", [])
            drawn = {(one["rung"], one["method"]): one["scale"] for case in cases for one in case["maps"]}
            if key in drawn:
                self._limits[key] = float(drawn[key]), "the report"
            elif cases:
                self._limits[key] = self._reference(classifier, found.method, cases), "cases of the report"
        return self._limits.get(key, (common_scale([found]), "this picture"))

    def _reference(self, classifier: Classifier, method: str, cases: Sequence[dict[str, Any]]) -> float:
        assert self._tried.folder is not None
        places = [self._tried.folder.path / "heatmaps" / case["raw"] for case in cases[:REFERENCES]]
        pictures = [self._decoder.decode(place).pixels for place in places if place.is_file()]
        called = classifier.probabilities(pictures).argmax(axis=1)
        maps = explain_many(classifier, pictures, called, method, quick=True)
        return common_scale([one for one in maps if one is not None])


def outline(picture: Picture) -> Floats:
    """A picture at a glance: 16 x 16 grey values, without mean and contrast, as one row of length one."""
    small = Image.fromarray(picture).convert("L").resize((16, 16), Image.Resampling.BOX)
    row = np.asarray(small, dtype=np.float64).ravel()
    row = row - row.mean()
    unit: Floats = row / max(float(np.linalg.norm(row)), 1e-9)
    return unit


def _as_json(found: Heatmap, limit: float) -> dict[str, Any]:
    """A map in numbers of three digits at its scale: a map of pixels would be megabytes else."""
    step = 10.0 ** np.floor(np.log10(max(limit, 1e-12))) / 1000
    # Division by the inverse keeps decimals short, and so the answer small.
    rounded = np.round(found.values / step) / round(1 / step) if step < 1 else np.round(found.values / step) * step
    return {
        "rows": found.values.shape[0],
        "cols": found.values.shape[1],
        "values": rounded.tolist(),
        "box": list(found.box),
        "target": found.target,
        "method": found.method,
        "title": TITLES[found.method],
        "settings": found.settings,
        "meaning": MEANINGS[found.method],
        "unit": UNITS[found.method],
        "empty": found.is_empty,
    }


def _agreement(found: Heatmap, beside: dict[str, Any] | None) -> dict[str, Any] | None:
    """How far a map agrees with that of another method, of the same picture and class."""
    if not beside or beside.get("method") == found.method or beside.get("target") != found.target:
        return None
    box = tuple(beside.get("box", WHOLE))
    other = Heatmap(np.asarray(beside["values"], dtype=np.float64), found.target, str(beside["method"]), "", box)
    return {"with": other.method, "title": TITLES.get(other.method, other.method), **agree(found, other)}
