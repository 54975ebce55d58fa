"""The paper kit of a run: RUN/paper with the text in three forms, the diagram, and tables for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from wetread.dataset.table import quote_formula
from wetread.paper.checklist import checklist_rows
from wetread.paper.facts import read_facts
from wetread.paper.manuscript import FLOW_FILE, write_manuscript
from wetread.paper.markdown import to_markdown
from wetread.paper.page import to_page
from wetread.paper.results_table import results_csv
from wetread.paper.small_counts import LIMIT
from wetread.paper.word_file import write_word_file
from wetread.run_folder import RunFolder

FOLDER = "paper"


def write_paper(folder: RunFolder, *, small_counts: bool = False) -> Path:
    """Writes RUN/paper: paper.md, paper.html, paper.docx, flow.svg, flow.png and tables as CSV.

    It holds no name of a file and no key of a patient. The same run gives the same bytes.

    Args:
        folder: Of a finished run.
        small_counts: Show counts of one to four patients in Table 1, which are masked otherwise.

    Returns:
        The folder ``paper``.

    Raises:
        InputError: No model was tested in the run, or a file of it is damaged.
        OutputError: The kit cannot be written.
    """
    facts = read_facts(folder)
    made = write_manuscript(facts, limit=0 if small_counts else LIMIT)
    folder.write_text(f"{FOLDER}/paper.md", to_markdown(made.document))
    folder.write_text(f"{FOLDER}/paper.html", to_page(made.document))
    write_word_file(made.document, folder.path / FOLDER / "paper.docx")
    folder.write_text(f"{FOLDER}/{FLOW_FILE}", made.flow_svg)
    folder.write_bytes(f"{FOLDER}/flow.png", made.flow_png)
    _write_table(folder, "table1", made.table1.columns, made.table1.rows)
    _write_table(folder, "results", *results_csv(facts))
    for name, answers in made.checklists.items():
        _write_table(folder, name, *checklist_rows(answers))
    return folder.path / FOLDER


def _write_table(folder: RunFolder, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A CSV that no spreadsheet runs as a formula."""
    safe = [[quote_formula(cell) for cell in row] for row in rows]
    folder.write_table(f"{FOLDER}/{name}.csv", columns, safe)
