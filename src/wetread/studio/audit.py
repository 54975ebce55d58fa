"""The audit of a project: `wetread check` in the folder ``runs/audit``, and what its findings ask to be done."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.dataset.findings import MIN_PER_FINDING
from wetread.dataset.scan import MIN_PER_CLASS
from wetread.outcome import counted
from wetread.run_folder import FAILED, FINISHED, RunFolder
from wetread.studio.findings import Trainable
from wetread.studio.fixes import REMEDIES, Told, fixes_for, item_id
from wetread.studio.queue import job_of
from wetread.studio.run_state import AUDIT, error_of, findings_of, gate_of, progress_of
from wetread.studio.run_status import INTERRUPTED, run_status

if TYPE_CHECKING:
    from wetread.studio.project import Project

#: Images of a finding that a page shows; all of them are counted.
MOST_IMAGES = 200
#: The code of the finding that the same file came under two classes; it is known without a check.
GIVEN_TWICE = "given-twice"
#: Images of a class from which a number may be believed.
MIN_BELIEVED = 10
#: Nobody looked yet.
NONE = "none"

_PAGE = re.compile(r"WR\d{3}\.md", re.ASCII)


def audit_command(labels: Path, folder: Path) -> list[str]:
    """The command that audits a table of labels, and says what it would mend."""
    return ["check", str(labels), "--out", str(folder), "--overwrite", "--fix", "--quiet"]


def audit_of(project: Project) -> dict[str, Any]:
    """What the last audit found, and what can be done about it now.

    Returns:
        status: none, queued, running, finished, stopped, failed or interrupted; step, fraction and eta_s while it
        runs; error; gate: red, amber or green; findings (gravest first); stale: whether the project changed since;
        before_train: what to read before training, gravest first.
    """
    folder = project.folder / "runs" / AUDIT
    job = job_of(folder)
    status = run_status(folder, job) or NONE
    stale = status == FINISHED and job is not None and job.labels != project.snapshot_name()
    given = given_twice(project)
    findings = [*given, *_findings(project, folder)] if status == FINISHED else given
    error = error_of(folder, job, status) if status in (FAILED, INTERRUPTED) else None
    return {
        "status": status,
        **progress_of(folder, status),
        "error": error,
        "gate": gate_of(findings) if status == FINISHED else None,
        "findings": findings if status == FINISHED else [],
        "stale": stale,
        "before_train": before_training(project, findings, status, stale),
    }


def before_training(project: Project, findings: list[dict[str, Any]], status: str, stale: bool) -> list[dict[str, Any]]:
    """What to read before training: what stands in its way, what was found, and whether anybody looked.

    Returns:
        severity (red, amber, info), code, title and sentence of each, gravest first.
    """
    summary = project.summary()
    trainable = project.trainable()
    told: list[dict[str, Any]] = _too_small(summary, project) if trainable is None else _too_few(trainable)
    ready = not any(one["code"] == "two-classes" for one in told)
    keys = ("severity", "code", "title", "sentence")
    told += [
        one if one["code"] == GIVEN_TWICE else {key: one[key] for key in keys}
        for one in findings
        if one["severity"] != "info" and not one["settled"]
    ]
    if summary["unlabelled"]:
        without = "a class" if trainable is None else "a known finding"
        text = f"{counted(summary['unlabelled'], 'image')} without {without}; they take no part."
        told.append(_note("info", "unlabelled", f"Images without {without}", text))
    if status == NONE and ready:
        text = "Copies, mixed-up labels and shortcuts are found in seconds to minutes, before any training."
        told.append(_note("info", "no-audit", "The images were not checked yet", text))
    if stale:
        text = "The findings are those of the images as they were then."
        told.append(_note("info", "stale-audit", "The project changed since it was checked", text))
    return sorted(told, key=lambda one: ("red", "amber", "info").index(one["severity"]))


def _too_small(summary: dict[str, Any], project: Project) -> list[dict[str, str]]:
    sizes = {one["name"]: one["count"] for one in summary["classes"] if one["count"]}
    if len(sizes) < 2:
        return [_note("red", "two-classes", "Two classes are needed", "Add images of a second class.")]
    # A run counts separate cases: images of one patient are one.
    cases = Counter(label for label, _ in {(row.label, row.patient or row.image) for row in project.rows()})
    out = [name for name in sizes if cases[name] < MIN_PER_CLASS]
    small = {name: size for name, size in sorted(sizes.items(), key=lambda one: one[1]) if size < MIN_BELIEVED}
    text = f"{_listed(small)}; from fewer than {MIN_BELIEVED} no number can be believed." if small else ""
    if out:
        text += f" Left out of training, having fewer than {MIN_PER_CLASS} separate cases: {', '.join(out)}."
    if len(sizes) - len(out) < 2:
        text += " Fewer than two classes remain, so that no model can be trained."
    return [_note("red", "few-images", "Too few images", text.strip())] if text else []


def _listed(sizes: dict[str, int]) -> str:
    """``a has 3 images, b has 4 images``."""
    return ", ".join(f"{name} has {counted(size, 'image')}" for name, size in sizes.items())


def given_twice(project: Project) -> list[dict[str, Any]]:
    """The images whose file came under two classes, one finding for each pair: one of the two labels is wrong."""
    pairs: dict[tuple[str, str, str], list[str]] = {}
    with project.read() as contents:
        for item in contents.items.values():
            for other in contents.given_too(item):
                pairs.setdefault((contents.classes[item.class_id or ""].name, other.name, other.id), []).append(item.id)
    found = []
    for (name, too, class_id), items in pairs.items():
        move = {"op": "move", "items": items, "class": class_id}
        found.append(
            {
                "code": GIVEN_TWICE,
                "title": f"Given as {name} and as {too}",
                "severity": "amber",
                "sentence": f"{counted(len(items), 'image')} in {name} came as {too} too, as the very same files.",
                "remedy": "One of the two labels is wrong. What nobody can tell is better left out.",
                "images": items[:MOST_IMAGES],
                "images_total": len(items),
                "fixes": [
                    {"label": f"Move to {too}", "change": move},
                    {"label": "Leave out, label in doubt", "change": {"op": "exclude", "items": items}},
                    {"label": f"{name} is right", "change": {"op": "doubt", "items": items, "doubt": False}},
                ],
                "settled": False,
                "page": [],
            }
        )
    return found


def _too_few(trainable: Trainable) -> list[dict[str, str]]:
    """Findings that a run would set aside, as far as that is known before it compares the pictures."""
    if trainable.why_not is not None:
        return [_note("red", "two-classes", "Two findings are needed", trainable.why_not.message)]
    if not trainable.aside:
        return []
    named = ", ".join(f"{name} ({few})" for name, few in trainable.aside.items())
    text = f"Fewer than {MIN_PER_FINDING} separate cases have them or lack them, so they are not learnt: {named}."
    return [_note("amber", "findings-aside", "Findings set aside", f"{text} Their images take part for the others.")]


@lru_cache(maxsize=64)
def check_page(name: str) -> tuple[dict[str, Any], ...]:
    """The page of a check as blocks of plain text, so that the browser needs no HTML: tag (h3, p, li, tr), text, cells.

    Args:
        name: As findings.json names it. It came from a file, so anything but the name of a page is ignored.
    """
    page = files("wetread.checks") / "pages" / name
    if not _PAGE.fullmatch(name) or not page.is_file():
        return ()
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8").split("\n", 1)[1])
    blocks: list[dict[str, Any]] = []
    tag, cells = "p", list[str]()
    for token in tokens:
        if token.type in ("heading_open", "list_item_open", "tr_open"):
            tag, cells = {"h": "h3", "l": "li", "t": "tr"}[token.type[0]], []
        elif token.type in ("heading_close", "list_item_close", "tr_close"):
            if token.type == "tr_close":
                blocks.append({"tag": "tr", "text": " | ".join(cells), "cells": cells})
            tag = "p"
        elif token.type == "inline" and tag == "tr":
            cells = [*cells, _plain(token)]
        elif token.type == "inline":
            blocks.append({"tag": tag, "text": _plain(token)})
    return tuple(blocks)


def _findings(project: Project, folder: Path) -> list[dict[str, Any]]:
    run = RunFolder(folder)
    with project.read() as contents:
        told = Told(contents, run.read_table("changes.csv"))
        return [_describe(finding, told) for finding in findings_of(folder)]


def _describe(finding: dict[str, Any], told: Told) -> dict[str, Any]:
    """A finding as a page shows it; settled: everything that could be done about it was done."""
    code, images = str(finding.get("code", "")), list(finding.get("images") or ())
    fixes = fixes_for(finding, told)
    known = [one for image in images if (one := item_id(image)) in told.contents.items]
    gone = bool(known) and not told.items(images)
    return {
        **{key: finding.get(key, "") for key in ("code", "title", "severity", "sentence")},
        "remedy": REMEDIES.get(code, finding.get("remedy", "")),
        "images": known[:MOST_IMAGES],
        "images_total": len(known),
        "fixes": fixes,
        "settled": gone,
        "page": list(check_page(str(finding.get("page") or f"{code}.md"))),
    }


def _plain(token: Any) -> str:
    """The text of a line without its marks; links lead nowhere here, so their words are kept."""
    kinds = {"softbreak": " ", "hardbreak": " "}
    return "".join(kinds.get(child.type, child.content) for child in token.children or ())


def _note(severity: str, code: str, title: str, sentence: str) -> dict[str, str]:
    return {"severity": severity, "code": code, "title": title, "sentence": sentence}
