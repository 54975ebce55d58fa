"""Puts passages, tables and the diagram together into one document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wetread.outcome import DISCLAIMER
from wetread.paper.checklist import NAMES, Answer, checklist_table, fill, read_checklist, say_counts
from wetread.paper.document import Document, Figure, Heading, Items, Paragraph, Table
from wetread.paper.facts import Facts
from wetread.paper.flow import flow_table, make_flow, say_flow
from wetread.paper.flow_figure import draw_png, draw_svg
from wetread.paper.methods_data import describe_data
from wetread.paper.methods_model import describe_model
from wetread.paper.methods_statistics import describe_statistics
from wetread.paper.passage import Passage
from wetread.paper.references import References
from wetread.paper.results import DISCUSSION, describe_results
from wetread.paper.results_table import results_tables
from wetread.paper.small_counts import LIMIT
from wetread.paper.table1 import make_table1
from wetread.paper.wording import GAP, count

FLOW_FILE = "flow.svg"

TITLE = "Paper kit: methods, results and reporting checklists"

HOW_TO_READ = (
    "This text was written from the files of one run. Every number in it stands in the run folder; what the run cannot "
    "know is marked [AUTHOR: like this] and was not invented. Rewrite it in your own words, check each sentence, and "
    "remove what does not fit your journal."
)


@dataclass(frozen=True)
class Manuscript:
    """The document, and what goes into tables of their own.

    Attributes:
        document: All of it.
        flow_svg: The diagram as a file.
        flow_png: The diagram as a picture.
        table1: Table 1 in full, one row per part, class and level.
        checklists: Name -> answers.
    """

    document: Document
    flow_svg: str
    flow_png: bytes
    table1: Table
    checklists: dict[str, list[Answer]]


def write_manuscript(facts: Facts, *, limit: int = LIMIT) -> Manuscript:
    """Writes the paper of a run.

    Args:
        facts: Of the run.
        limit: Counts of patients below this are masked in Table 1; 0 shows all.
    """
    cite = References()
    methods = [*describe_data(facts, cite), *describe_model(facts, cite), *describe_statistics(facts, cite)]
    results = list(describe_results(facts))
    passages = methods + results
    lists = [read_checklist(name) for name in NAMES]
    marks = [cite(one.cite) for one in lists]
    answers = {one.name: fill(one, passages) for one in lists}
    steps = make_flow(facts)
    shown, full = make_table1(facts, limit=limit)
    text = Document(TITLE, DISCLAIMER, str(facts.run.get("started") or ""))
    text.add(Paragraph(HOW_TO_READ, note=True), *_overview(passages, answers))
    text.add(Heading("Methods"), *_sections(methods, "Methods, "))
    text.add(Heading("Results"), *_sections([one for one in results if one.place != DISCUSSION], "Results, "))
    figure = Figure(
        "Figure 1. Flow of files, images and patients.", say_flow(steps), draw_svg(steps), draw_png(steps), FLOW_FILE
    )
    text.add(Heading("Figure and tables"), figure, shown, *results_tables(facts), flow_table(steps))
    text.add(Heading("Discussion"), *(Paragraph(one.text) for one in results if one.place == DISCUSSION))
    text.add(Heading("Reporting checklists"))
    for number, (one, mark) in enumerate(zip(lists, marks, strict=True), start=2):
        text.add(Heading(f"{one.title} {mark}", 2), checklist_table(one, answers[one.name], f"Table S{number}."))
    text.add(Heading("References"), Items(cite.texts))
    return Manuscript(text, draw_svg(steps, standalone=True), figure.png, full, answers)


def _overview(passages: Sequence[Passage], answers: dict[str, list[Answer]]) -> list[Paragraph]:
    """How much is done, and how much is left."""
    gaps = sum(len(GAP.findall(passage.text)) for passage in passages)
    counts = [Paragraph(f"{read_checklist(name).title}: {say_counts(found)}") for name, found in answers.items()]
    are = "is" if gaps == 1 else "are"
    return [Paragraph(f"{count(gaps, 'place')} in the text {are} left for you."), *counts]


def _sections(passages: Sequence[Passage], prefix: str) -> list[Heading | Paragraph]:
    """Headings of level 2 by place, with the passages of each as one paragraph."""
    found: list[Heading | Paragraph] = []
    for place in dict.fromkeys(passage.place for passage in passages):
        found.append(Heading(place.removeprefix(prefix), 2))
        found.append(Paragraph(" ".join(one.text for one in passages if one.place == place)))
    return found
