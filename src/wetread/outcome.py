"""`Run`: what `wetread.run` gives back: a readable summary of a run folder, in a terminal and in a notebook.

And how counts, shares and names are said, in one way wherever they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from wetread.run_folder import RunFolder

DISCLAIMER = "Research and teaching only. Not a medical device."

#: Probes that see some of the body. That they tell the label is no shortcut by itself.
SEE_ANATOMY = ("masked centre", "histogram", "blur")


@dataclass(frozen=True)
class Run:
    """A run that ended, as its folder tells it.

    Attributes:
        folder: The run folder.
        numbers: Contents of numbers.json; empty after a dry run or a check.
        findings: Contents of findings.json.
        gate: green, amber or red.
        lights: Contents of trust.json: may the number be believed?
    """

    folder: Path
    numbers: dict[str, Any] = field(repr=False)
    findings: list[dict[str, Any]] = field(repr=False)
    gate: str
    lights: list[dict[str, str]] = field(default_factory=list, repr=False)

    @staticmethod
    def open(folder: str | Path) -> Run:
        """Reads a finished run folder; raises `InputError` where there is none."""
        run_folder = RunFolder.open(Path(folder))
        numbers = run_folder.read_json("numbers.json")
        findings, lights = run_folder.read_json("findings.json"), run_folder.find_json("trust.json") or []
        return Run(run_folder.path, numbers, findings, numbers["gate"], lights)

    @property
    def exit_code(self) -> int:
        """0, or 1 where the gate is red."""
        return 1 if self.gate == "red" else 0

    @property
    def report(self) -> Path:
        """The page to read."""
        return self.folder / "report.html"

    @property
    def headline(self) -> str:
        """The number in one line, with its interval, n and what is not known."""
        return headline(self.numbers) if self.numbers else "no model was trained"

    def __repr__(self) -> str:
        lines = [f"Run {self.folder}", f"  {self.headline}", f"  gate: {self.gate}"]
        lines += [f"  {finding['severity']}: {finding['title']} ({finding['code']})" for finding in self.findings]
        lines += [f"  {one['light']}: {one['title']}. {one['evidence']}" for one in self.lights]
        lines += [f"  report: {self.report}", f"  {DISCLAIMER}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        import html  # only a notebook asks for this

        colour = {"green": "#2e7d32", "amber": "#b26a00", "red": "#b3261e"}[self.gate]
        rows = "".join(
            f"<tr><td>{html.escape(finding['severity'])}</td><td>{html.escape(finding['title'])}</td>"
            f"<td>{html.escape(finding['sentence'])}</td></tr>"
            for finding in self.findings
        )
        return (
            '<div style="font-family:system-ui,sans-serif;max-width:60em">'
            f'<p style="font-size:1.15em"><strong>{html.escape(self.headline)}</strong></p>'
            f'<p><span style="color:{colour}">&#9679;</span> gate: <strong>{self.gate}</strong></p>'
            f"<table>{rows}</table>"
            f"<p>Report: <code>{html.escape(str(self.report))}</code><br><small>{DISCLAIMER}</small></p></div>"
        )


def counted(number: int, noun: str, nouns: str = "") -> str:
    """``1 image``, ``2 images``.

    Args:
        number: How many.
        noun: Of one; may bring its verb, as in ``image was``.
        nouns: Of several, where an s does not make it, as in ``images were``.
    """
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def in_units(method: str, knows_patients: bool) -> str:
    """How an interval was found; where patients are not known a picture, with its copies, was taken as one of its own.

    The ``n`` beside it counts the same.
    """
    return method if knows_patients else method.replace("patients", "different pictures").replace("patient", "picture")


def say_share(value: float) -> str:
    """Two decimals, and more where two would turn something below 1 into 1.00: 0.9996 is not perfect."""
    for decimals in (2, 3, 4):
        text = f"{value:.{decimals}f}"
        if float(text) < 1 or value >= 1:
            return text
    return "0.9999"


def say_percent(share: float) -> str:
    """``43 %``, ``4.2 %``, ``99.6 %``: whole per cent, a decimal below ten and where a large share would become all.

    0 % and 100 % are nothing and all. Halves are rounded up, as by `percent` in the studio's numbers.js.
    """
    if 0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    fine = share < 0.0995 or 0.995 <= share < 1
    rounded = Decimal(100 * float(share)).quantize(Decimal("0.1" if fine else "1"), ROUND_HALF_UP)
    return f"{rounded.normalize():f} %"


def in_words(name: str) -> str:
    """The name of a class, a column or a decision as words: ``no_effusion`` -> ``no effusion``."""
    return str(name).replace("_", " ")


def is_external(numbers: Mapping[str, Any]) -> bool:
    """Whether a model of another run was tested, so that nothing was fitted on these images."""
    return str(numbers.get("estimate", "")).startswith("external test")


def alone(numbers: Mapping[str, Any]) -> str:
    """``averaged over 3 divisions, one alone reaches 0.87``; empty where there was one.

    Averages of several models are usually better than one of them, and the model that is handed over is one.
    """
    divisions = numbers.get("repeats") or {}
    if len(divisions.get("auroc") or ()) < 2 or divisions.get("mean") is None:
        return ""
    return f"averaged over {len(divisions['auroc'])} divisions, one alone reaches {say_share(divisions['mean'])}"


def name_measure(numbers: Mapping[str, Any]) -> str:
    """What the headline is: ``AUROC``, ``AUROC, mean over the classes`` or ``mean AUROC of 6 findings``."""
    if numbers.get("task") == "multilabel":
        return f"mean AUROC of {counted(len(numbers['headline'].get('mean_over') or ()), 'finding')}"
    return "AUROC, mean over the classes" if numbers.get("task") == "multiclass" else "AUROC"


def headline(numbers: dict[str, Any]) -> str:
    """``AUROC 0.86 (95 % interval 0.80 to 0.91), 200 images of 120 patients, cross-validation``."""
    shown = numbers["headline"]
    n = numbers["n"]
    value, low, high = (say_share(shown[name]) for name in ("value", "low", "high"))
    what, comma, over = name_measure(numbers).partition(",")
    area = f"{what} {value}{comma}{over} (95 % interval {low} to {high})"
    patients = f" of {counted(n['patients'], 'patient')}" if n.get("patients") else ", patients not known"
    line = f"{area}, {counted(n['images'], 'image')}{patients}, {numbers['estimate']}"
    opened = (numbers.get("test_set") or {}).get("opened", 1)
    if opened > 1:
        line += f" (opened {opened} times)"
    if told := alone(numbers):
        line += f", {told}"
    leaking = numbers.get("leak_allowed")
    return f"LEAK ALLOWED, {counted(leaking, 'training image')} also in the test set: {line}" if leaking else line
