"""A finding that is set aside and written nearly like another may be a slip of the pen."""

from pathlib import Path

import pytest

from dataset.rows import row
from wetread.dataset.findings import choose_findings
from wetread.dataset.table import Table


@pytest.mark.parametrize(
    ("rare", "hinted"), [("Efusion", True), ("effusions", True), ("Infusion", False), ("Mass", False)]
)
def test_a_likely_misspelling_is_named(rare, hinted):
    said = [("Effusion",)] * 40 + [("Nodule",)] * 20 + [(rare,)] * 7
    rows = [row(f"{n}.png", "|".join(names), findings=names, group=f"G{n}") for n, names in enumerate(said)]
    table = Table(Path(), "table", rows, multi=True)
    kept, aside = choose_findings(table, rows)
    assert (kept, aside) == (["Effusion", "Nodule"], [rare])
    assert any(f"{rare} may be a misspelling of Effusion" in note for note in table.notes) is hinted
