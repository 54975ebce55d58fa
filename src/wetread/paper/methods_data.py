"""Methods, first half: study, data, reference standard, preprocessing, partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wetread.dataset.rebuild import side_of
from wetread.errors import InputError
from wetread.images.view import View
from wetread.paper.facts import BY_GAIN, Facts
from wetread.paper.flow import say_exclusions
from wetread.paper.partitions import Part, class_names, find_parts, say_class
from wetread.paper.passage import Passage
from wetread.paper.references import References
from wetread.paper.table1 import characteristics
from wetread.paper.wording import ask, count, join, percent, say_name, say_number, span
from wetread.training.rules import LINEAR_FOLDS

DESIGN, DATA = "Methods, Study design", "Methods, Data"
TRUTH, IMAGES, PARTS = "Methods, Reference standard", "Methods, Image preprocessing", "Methods, Partitions"

#: How patients are known -> how that is said.
GROUPING = {
    "column": "a column of the labels table",
    "dicom": "the patient identifier of the DICOM header, which was replaced by a running number on reading",
    "filename": "the part of the file name that images of one patient share",
    "folder": "folders, one per patient",
    "folder+filename": "folders and the part of the file name that images of one patient share, joined",
}

MODALITIES = {
    "radiograph": "radiographs",
    "ct": "computed tomography images",
    "mri": "magnetic resonance images",
    "ultrasound": "ultrasound images",
    "mammography": "mammograms",
    "fundus": "fundus photographs",
    "dermoscopy": "dermoscopic images",
    "microscopy": "microscopic images",
    "photograph": "photographs",
}

#: What an uncertain finding counted as.
UNCERTAIN = {
    "leave out": "A finding marked as uncertain or not given was left out of training and testing for that image",
    "positive": "A finding marked as uncertain was counted as present",
    "negative": "A finding marked as uncertain was counted as absent",
}


def describe_data(facts: Facts, cite: References) -> Iterator[Passage]:
    """The passages on study, data, reference standard, preprocessing and partitions.

    Args:
        facts: Of the run.
        cite: Numbers what is cited.
    """
    yield from _study(facts)
    yield from _data(facts)
    yield from _reference_standard(facts)
    yield from _preprocessing(facts, cite)
    yield from _partitions(facts, cite)


def _study(facts: Facts) -> Iterator[Passage]:
    names = [say_name(name) for name in facts.classes]
    task = {
        "binary": f"to tell {join(names, 'from')} on single images",
        "multiclass": f"to assign single images to one of {len(names)} classes ({join(names)})",
        "multilabel": f"to recognise {count(len(names), 'finding')} on single images ({join(names)})",
    }.get(facts.numbers["task"], "to classify single images")
    yield Passage(
        "design",
        DESIGN,
        (
            f"We tested a model {task} that had been developed before, on images that it had not been trained on. "
            if facts.tests_elsewhere
            else f"We developed and internally tested models {task}. "
        )
        + ask(
            "prospective or retrospective; ethics committee, number and date, informed consent or waiver; registration"
        ),
    )


def _data(facts: Facts) -> Iterator[Passage]:
    yield Passage(
        "source",
        DATA,
        ask(
            "where the images come from: hospitals or public data set with its version, link and "
            "licence, dates, setting"
        )
        + " "
        + ask("eligibility criteria; how patients were identified; consecutive, random or convenience series"),
    )
    yield Passage("data", DATA, f"{_counted(facts)} {_known_patients(facts)}")
    yield Passage("exclusions", DATA, f"{say_exclusions(facts)} The flow is shown in Figure 1.")
    if facts.unlabelled:
        yield Passage(
            "unlabelled",
            DATA,
            f"{count(facts.unlabelled, 'image')} without a label took no part in training or testing.",
        )
    yield Passage("missing", DATA, _missing(facts))
    modality = MODALITIES.get(str(facts.plan.get("modality") or facts.measured.get("modality")))
    if modality:
        yield Passage("modality", DATA, f"The images were {modality}.")
    yield Passage("acquisition", DATA, ask("manufacturer and model of the devices, acquisition protocol"))
    known = characteristics(facts)
    if known:
        yield Passage("table1", DATA, f"{join(known).capitalize()} by partition and class are given in Table 1.")
    yield Passage("privacy", DATA, _privacy(facts))


def _counted(facts: Facts) -> str:
    every = Part("", "", facts.images)
    of = f" of {count(every.patients, facts.unit)}" if facts.unit else ""
    kind = "findings" if facts.several else "classes"
    inside = [(say_class(name), every.of(name)) for name in class_names(facts)]
    listed = [
        f"{name} ({count(len(part.images), 'image')}"
        + (f", {count(part.patients, facts.unit)})" if facts.unit else ")")
        for name, part in inside
    ]
    told = f"The data set comprised {count(len(facts.images), 'labelled image')}{of}"
    several = "; an image could show several findings" if facts.several else ""
    aside = facts.numbers.get("set_aside") or ()
    told += f", with {len(facts.classes)} {kind}: {join(listed)}{several}."
    if aside:
        told += (
            f" {count(len(aside), 'further finding')} with too few cases "
            f"{'was' if len(aside) == 1 else 'were'} set aside: "
        )
        told += join([say_name(name) for name in aside]) + "."
    return told


def _known_patients(facts: Facts) -> str:
    if facts.knows_patients:
        return f"Images of one patient were known by {GROUPING.get(facts.grouping, 'the data set')}."
    independent = "every image was treated as independent"
    if facts.pictures:
        independent = "near-identical images were taken as one picture and every picture was treated as independent"
    return (
        f"The data did not say which images belong to one patient, so {independent}; if patients have several images, "
        "the results are too good and the intervals too narrow."
    )


def _missing(facts: Facts) -> str:
    unknown = sum((facts.numbers["n"].get("unknown") or {}).values())
    if facts.several:
        rule = UNCERTAIN.get(str(facts.plan.get("uncertain")), UNCERTAIN["leave out"])
        return f"{rule} (labels not known: {say_number(unknown)}). No value was imputed."
    return "Images without a label or that could not be decoded were left out; no image and no label was imputed."


def _privacy(facts: Facts) -> str:
    told = (
        "No patient identifier was written into results, model or report; this text holds "
        "no names of files or patients."
    )
    if facts.grouping == "dicom":
        told += " Patient identifiers of DICOM headers were replaced by running numbers."
    found = next((one for one in facts.findings if one.get("code") == "WR601"), None)
    if found:
        told += " The image files as given still held identifying header fields."
    return f"{told} {ask('how the images were de-identified before they reached you')}"


def _reference_standard(facts: Facts) -> Iterator[Passage]:
    yield Passage(
        "reference",
        TRUTH,
        "The labels as given with the images were the reference standard. "
        + ask(
            "how they were made (reports, consensus, pathology, follow-up), why so, by whom, with which experience, "
            "blinded to what, with which tool, and how disagreement was settled"
        ),
    )
    suspected = next((one for one in facts.findings if one.get("code") == "WR501"), None)
    contradicting = next((one for one in facts.findings if one.get("code") == "WR103"), None)
    told = [str(one["sentence"]) for one in (suspected, contradicting) if one and one.get("sentence")]
    if told:
        yield Passage("label_check", TRUTH, f"Labels were audited before training. {' '.join(told)}")
    agreement = _agreement(facts)
    if agreement:
        yield Passage("raters", TRUTH, agreement)


def _agreement(facts: Facts) -> str:
    """What readers.json says of agreement between readers; readers are not named."""
    told = []
    for name, one in (facts.readers.get("agreement") or {}).items():
        titles = (("fleiss", "Fleiss' kappa"), ("alpha", "Krippendorff's alpha"))
        found = [f"{title} {span(one[key])}" for key, title in titles if isinstance(one.get(key), dict)]
        told += [f"{say_name(name)} {join(found)}"] if found else []
    readers = (facts.readers.get("n") or {}).get("readers")
    who = f"{count(int(readers), 'reader')}" if readers else "the readers"
    return f"Agreement between {who} was: {'; '.join(told)}." if told else ""


def _preprocessing(facts: Facts, cite: References) -> Iterator[Passage]:
    text = _shown(facts, cite)
    inverted = facts.measured.get("inverted") or 0
    if inverted:
        text += f" Images stored with low values bright (MONOCHROME1, {percent(inverted, 1)}) were inverted."
    frame = str(facts.plan.get("frame") or "")
    if frame == "all":
        text += " Each frame of a multi-frame file was an image of its own, kept with its patient."
    elif frame.isdecimal():
        text += f" Of multi-frame files frame {frame} was used."
    side = side_of(facts.run.get("view") or {})
    text += (
        f" Images were reduced to at most {side} pixels on the longer side and stretched to a square for the models; "
        "nothing was cropped or segmented."
    )
    yield Passage("preprocessing", IMAGES, text.strip())


def _shown(facts: Facts, cite: References) -> str:
    """How stored values became grey, from the view of the plan."""
    values = str(facts.plan.get("view") or (facts.run.get("view") or {}).get("values") or "")
    try:
        view = View.parse(values) if values else None
    except InputError:
        view = None
    if view is None:
        return ""
    stored = _shown_as_stored(facts)
    if stored == "all":
        return "Pictures of 8 bits were used as stored, without a window or scaling."
    return stored + _shown_by_view(view, cite)


def _shown_as_stored(facts: Facts) -> str:
    """``all`` where the view of the plan met only pictures of 8 bits, which it leaves alone; a sentence where some."""
    ways = facts.run.get("shown")
    if not isinstance(ways, dict) or not ways:  # a run of an earlier version
        told = f"{facts.reasons.get('view', '')} {(facts.run.get('view') or {}).get('reason', '')}"
        return "all" if "pictures of 8 bits are shown as stored" in told else ""
    stored = int(ways.get("as stored") or 0)
    if stored == sum(map(int, ways.values())):
        return "all"
    return f"{count(stored, 'picture')} of 8 bits {'was' if stored == 1 else 'were'} used as stored. " if stored else ""


def _shown_by_view(view: View, cite: References) -> str:
    if view.mode == "file":
        return (
            "Stored values were shown with the window or look-up table that each file brings "
            f"{cite('dicom')}, else between "
            "the 0.5th and 99.5th percentile of the image."
        )
    if view.mode == "percentiles":
        return "Grey values were scaled to the range between the 0.5th and 99.5th percentile of each image."
    if view.mode == "full":
        return "Grey values were scaled to the full range that the stored bits allow."
    windows = [
        f"{one.name + ': ' if one.name else ''}centre {one.center:.10g}, width {one.width:.10g}" for one in view.windows
    ]
    told = (
        "Values were shown through "
        f"{'one window' if len(windows) == 1 else str(len(windows)) + ' windows as colour channels'}"
    )
    told += f" ({'; '.join(windows)}, in the unit of the files, Hounsfield units in CT), the same for all images."
    if view.colours:
        told += f" Ranges were painted in colour: {join([str(one) for one in view.colours])}."
    return told


def _inner_division(plan: Mapping[str, Any]) -> str:
    """How training parts were divided once more."""
    folds = plan.get("inner_folds") or 0
    if folds > 1:
        return f"{folds}-fold inner cross-validation"
    # Plans of earlier versions, which know no `initial`, held one part out for all models.
    if {"classical", "frozen", "combined"} & set(plan.get("rungs") or ()) and "initial" in plan:
        return f"{LINEAR_FOLDS}-fold inner cross-validation (for networks: by a held-out part)"
    return "a held-out part"


def _settled(facts: Facts) -> str:
    """What was settled inside the training parts, and how: nothing that the plan had fixed beforehand."""
    rungs = set(facts.plan.get("rungs") or ())
    asked = {
        "penalty": bool({"classical", "frozen", "combined"} & rungs),
        "calibration": facts.calibrated,
        "threshold": facts.positive is not None or facts.several,
        "choice of model": len(rungs) > 1 and facts.rule == BY_GAIN,
    }
    settled = [name for name, was in asked.items() if was]
    if not settled:
        return "The models were fitted"
    were = "was" if len(settled) == 1 else "were"
    return f"{join(settled).capitalize()} {were} settled by {_inner_division(facts.plan)}"


def _partitions(facts: Facts, cite: References) -> Iterator[Passage]:
    if facts.tests_elsewhere:
        told = "All labelled images were test images: model, calibration and threshold came from an earlier run."
        yield Passage("partition", PARTS, told)
        yield Passage("disjoint", PARTS, _overlap(facts))
        return
    plan = facts.plan
    if facts.crossed:
        repeats = f", repeated {facts.repeats} times with other divisions" if facts.repeats > 1 else ""
        text = (
            f"Performance was estimated by nested cross-validation {cite('nested')} with "
            f"{plan.get('folds', 'several')} outer folds"
            f"{repeats}, stratified by class. {_settled(facts)} within each training part; the outer fold was only "
            "predicted."
        )
        if repeats:
            text += " Repeated predictions of an image were averaged on the logit scale."
    else:
        text = f"{_test_set(facts)} {_settled(facts)} within the training part."
    unused = str(facts.measured.get("split_unused") or "")
    if unused:
        text = f"A split came with the data and was not used: {unused[0].lower()}{unused[1:]}. {text}"
    yield Passage("partition", PARTS, text)
    yield Passage("disjoint", PARTS, _disjoint(facts))


def _overlap(facts: Facts) -> str:
    """What a finished model knew of the images that it was tested on."""
    left_out = int(facts.overlap.get("left_out") or 0)
    found = f"; {count(left_out, 'image')} that the model knew were left out" if left_out else ", and none was found"
    limits = "".join(f" {limit}" for limit in facts.overlap.get("not_compared") or ())
    return f"Overlap with the images that the model was trained on was looked for{found}.{limits}"


def _test_set(facts: Facts) -> str:
    parts = {part.split: part for part in find_parts(facts)}
    sizes = [
        f"{part.title.lower()}: {count(len(part.images), 'image')}"
        + (f" of {count(part.patients, facts.unit)}" if facts.unit else "")
        for part in parts.values()
    ]
    origin = (
        "that came with the data"
        if facts.numbers["estimate"] == "given test"
        else "drawn at random, stratified by class,"
    )
    opened = int((facts.numbers.get("test_set") or {}).get("opened") or 1)
    times = "once" if opened == 1 else f"{opened} times, which makes its result optimistic"
    told = f"A test set {origin} was locked before training and evaluated {times} ({'; '.join(sizes)})."
    leak = facts.numbers.get("leak_allowed")
    return told + (
        f" {count(int(leak), 'training image')} shared a patient or picture with the test set and were left in."
        if leak
        else ""
    )


def _disjoint(facts: Facts) -> str:
    level = "patient" if facts.knows_patients else "image"
    told = (
        f"Partitions were disjoint at the level of the {level}; near-identical images were "
        "kept on one side of every division"
    )
    if not facts.knows_patients:
        return f"{told}, but images of one patient may stand on both sides because patients were not known."
    leak = facts.numbers.get("leak_allowed")
    return f"{told}, except for the training images named above." if leak else f"{told}."
