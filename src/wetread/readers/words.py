"""What has to be said beside the numbers: warnings, the method in a paragraph, and its sources."""

from __future__ import annotations

from typing import Any

from wetread.outcome import counted, say_percent
from wetread.readers.resample import FEWEST_TO_JUDGE

#: Below so many patients an interval is wide, and its percentiles are too short.
FEW_PATIENTS = 50

#: What is said of a difference by whether it is significant; None where there are too few patients.
VERDICTS = {True: "significant", False: "not significant", None: "too few patients to say"}

SOURCES = (
    "Rajpurkar P, et al. CheXNet. arXiv 1711.05225, 2017; project page stanfordmlgroup.github.io/projects/chexnet.",
    "Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37-46.",
    "Fleiss JL. Measuring nominal scale agreement among many raters. Psychol Bull 1971;76:378-382.",
    "Krippendorff K. Computing Krippendorff's alpha-reliability. 2011. repository.upenn.edu/asc_papers/43.",
    "Byrt T, Bishop J, Carlin JB. Bias, prevalence and kappa. J Clin Epidemiol 1993;46:423-429.",
    "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing areas under correlated ROC curves. Biometrics 1988;44:837-845.",
    "Gallas BD, et al. iMRMC: software for multi-reader multi-case studies. github.com/DIDSR/iMRMC.",
)


def warnings_of(found: dict[str, Any]) -> list[str]:
    """Sentences that a reader of the numbers must know.

    Args:
        found: The contents of readers.json so far.
    """
    return [*_of_data(found), *_of_protocols(found), *_of_inference(found)]


def _of_data(found: dict[str, Any]) -> list[str]:
    n, said = found["n"], []
    if n["missing"]:
        said.append(
            f"{n['missing']} of {n['readers'] * n['images']} readings {'is' if n['missing'] == 1 else 'are'} missing. "
            "Two are compared on the images that both have read; "
            f"{counted(n['read_by_all'], 'image was', 'images were')} read by all."
        )
    if found["left_out"]:
        labels = ", ".join(found["left_out"][:8])
        said.append(f"Readings with these labels say nothing of the findings and count as missing: {labels}.")
    model = found["model"]
    if model and model["without"]:
        left = counted(len(model["without"]), "image has", "images have")
        said.append(f"{left} no held-out prediction of the model and took no part in anything.")
    if model and model["not_compared"]:
        said.append(f"The model does not know {', '.join(model['not_compared'][:8])}; there only readers are compared.")
    few = counted(n["patients"], "patient is", "patients are")
    if n["patients"] < 2:
        said.append(
            "There is one patient, so there are no intervals, and nothing is significant: nobody knows how other "
            "patients would differ."
        )
    elif n["patients"] < FEWEST_TO_JUDGE:
        said.append(
            f"{few} too few to call a difference significant or not, for which {FEWEST_TO_JUDGE} are needed; the "
            "intervals are rough, and rather too short than too long."
        )
    elif n["patients"] < FEW_PATIENTS:
        said.append(f"{few} few: the intervals are rough, and rather too short than too long.")
    if found["patients_from"] == "nobody":
        said.append(
            "Patients are not known, so each image counts as a patient of its own. Where "
            "some share one, add a column patient: the intervals are too short without it."
        )
    return said


def _of_protocols(found: dict[str, Any]) -> list[str]:
    said = []
    paper, majority = found["protocols"].get("paper"), found["protocols"].get("majority")
    if paper and found["model"]:
        said.append(_not_neutral(paper["columns"][found["shown"]]))
    if paper and sum(paper["undefined"].values()):
        said.append(
            f"{sum(paper['undefined'].values())} F1s are not defined, because neither of the two compared ever called "
            "the finding; they count as 0, as in the paper."
        )
    if paper and paper["undefined_draws"] > 0.001:
        share = say_percent(paper["undefined_draws"])
        said.append(f"In the resamples {share} of the F1s are not defined and count as 0, which widens intervals.")
    if majority and sum(majority["ties"].values()):
        left = {
            "leave out": "left out of that comparison, so that it sees only the easier ones",
            "absent": "counted as absent",
            "present": "counted as present",
        }[majority["rule"]]
        times = counted(sum(majority["ties"].values()), "time")
        said.append(f"An even group of readers was tied {times}; tied images were {left}.")
    if len(found["findings"]) > 1 and found["model"]:
        said.append(
            f"{len(found['findings'])} findings were compared, and nothing was corrected for their number: among "
            "twenty equal comparisons one is significant by chance."
        )
    return said


def _not_neutral(shown: dict[str, Any]) -> str:
    text = (
        "In the paper's protocol the model is one of the references that each reader is scored against. That is not "
        "neutral: it rewards readers who agree with the model, and the model itself is scored against readers only."
    )
    plain = shown.get("without_model", {})
    if "average" in plain and "difference" in plain:
        gap = plain["difference"]
        text += (
            f" With readers as the only references their average is {plain['average']['value']:.3f} and the difference "
            f"{say_span(gap, '+.3f')}."
        )
    return text


def say_span(one: dict[str, Any], form: str = ".3f") -> str:
    """``0.912 (0.880 to 0.941)``; the value alone where there is no interval.

    Args:
        one: A number of readers.json.
        form: How each of its parts is written.
    """
    span = f" ({one['low']:{form}} to {one['high']:{form}})" if "low" in one else ""
    return f"{one['value']:{form}}{span}"


def why_no_agreement(told: dict[str, Any]) -> str:
    """Why kappa or alpha of all readers is not defined, in a sentence; empty where both are.

    Args:
        told: Of one finding, or of the labels.
    """
    if "fleiss" in told and "alpha" in told:
        return ""
    if "read_by_all" not in told:
        return "Not defined: agreement takes two readers."
    if "alpha" in told and not told["read_by_all"]:
        return "Fleiss' kappa is not defined: no image was read by all."
    if "alpha" in told:
        return "Fleiss' kappa is not defined: where all have read an image, everybody always said the same."
    if not any(pair["n"] for pair in told["pairs"] if pair["b"] != "model"):
        return "Not defined: no two readers have read the same image."
    return "Not defined: everybody always said the same."


def _of_inference(found: dict[str, Any]) -> list[str]:
    said = [
        "Agreement with other readers is no proof of being right: readers can share a mistake.",
        "F1 depends on how common a finding is; compare it only within one set of images.",
    ]
    if found["model"]:
        said.append(
            "Patients are drawn, readers are not: an interval speaks of these readers on other patients. For readers "
            "in general, analyse imrmc.csv with iMRMC."
            if found["truth"]
            else "Patients are drawn, readers are not: an interval speaks of these readers on other patients."
        )
    if found["truth"] and found["n"]["images"] > found["n"]["patients"]:
        said.append("iMRMC takes every case as independent; here some patients have several images.")
    return said


#: A word in the method of an interval -> what that is.
WAYS = {
    "Wilson": "Wilson's method (shares; patients are the units where they have several images)",
    "Newcombe": "Newcombe's score interval with DeLong's variance (areas)",
    "DeLong, logit": "DeLong's variance on the logit scale (areas)",
    "DeLong, paired": "DeLong's variance of paired areas (differences)",
    "bootstrap BCa": "bias-corrected and accelerated bootstrap of patients",
    "bootstrap percentile": "percentiles of resampled patients",
    "disjoint pairs": "exact bounds on disjoint pairs (areas of perfect rankings)",
}


def _ways(found: Any) -> set[str]:
    """The method of every interval in the results."""
    if isinstance(found, list):
        return set().union(*(_ways(one) for one in found))
    if not isinstance(found, dict):
        return set()
    own = {str(found["method"])} if "method" in found else set()
    return own.union(*(_ways(one) for one in found.values()))


def method_of(found: dict[str, Any], resamples: int, agreement_resamples: int, seed: int) -> str:
    """How the numbers came about, in a paragraph for the methods section.

    Args:
        found: The contents of readers.json so far.
        resamples: Of the protocols.
        agreement_resamples: Of everything else.
        seed: Of all draws.
    """
    n, model = found["n"], found["model"]
    who = counted(n["readers"], "reader") if n["readers"] != 1 else "one reader"
    images, patients = counted(n["images"], "image"), counted(n["patients"], "patient")
    of = "" if found["patients_from"] == "nobody" else f" of {patients}"
    text = [f"{who[0].upper()}{who[1:]} judged {images}{of} independently."]
    if model:
        text.append(
            f"The model's calls are its held-out predictions at the operating point stored with it "
            f"({model['threshold']}), never predictions of images it was trained on."
        )
    if found["protocols"]:
        against = "each of the other readers and the model" if model else "each of the other readers"
        text.append(f"Following CheXNet, each reader's F1 is the mean over {against}")
        text[-1] += ", the model's the mean over the readers. " if model else ". "
        text[-1] += (
            "In the second variant the truth is the majority of the other readers"
            + (", for the model that of each group of all readers but one, averaged" if model else "")
            + f". {_say_intervals(n['patients'], resamples)}An F1 without a call is 0."
        )
    text.append(
        "Agreement is given as Cohen's kappa of pairs, Fleiss' kappa over the images read by all, and Krippendorff's "
        "alpha over all readings; below 10 % positive readings also the prevalence- and bias-adjusted kappa; for "
        "ordered labels with quadratic weights."
    )
    if n["patients"] > 1:
        text[-1] += f" Their intervals come from {agreement_resamples:,} resamples of patients."
    else:
        text.append("All images are of one patient, so no number has an interval.")
    if found["truth"] and n["patients"] > 1:
        ways = [words for word, words in WAYS.items() if any(word in way for way in _ways(found["truth"]))]
        text.append(
            f"Intervals of numbers against the truth are by {', '.join(ways)}; the tables name the way of each."
        )
    return " ".join([*text, f"Seed {seed}."])


def _say_intervals(patients: int, resamples: int) -> str:
    if patients < 2:
        return ""
    said = f"Intervals are the 2.5th and 97.5th percentiles of {resamples:,} resamples of patients, the same for all"
    if patients < FEWEST_TO_JUDGE:
        return f"{said} numbers; with so few patients no difference was called significant or not. "
    return f"{said} numbers; a difference counts as significant where its interval excludes 0. "
