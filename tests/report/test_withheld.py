"""Images without a label that the model refuses: the page calls nothing in them."""

import shutil

from wetread.report.finding_rows import list_unlabelled
from wetread.report.html import write_page
from wetread.run_folder import RunFolder


def test_the_page_lists_only_what_was_judged(finished_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished_run.folder, run, ignore=shutil.ignore_patterns("folds", "lock"))
    path = run / "predictions.csv"
    lines = path.read_text().splitlines()
    columns = lines[0].split(",")
    judged = dict(zip(columns, lines[1].split(","), strict=True)) | {"split": "unlabelled", "truth": ""}
    blank = {name: "" for name in columns if name == "predicted" or name.startswith("p_")}
    for cells in (
        judged | {"image": "film.png", "status": "edge"},
        judged | {"image": "photo.png", **blank, "status": "out"},
    ):
        lines.append(",".join(cells[name] for name in columns))
    path.write_text("\n".join(lines) + "\n")
    page = write_page(RunFolder.open(run)).read_text(encoding="utf-8")
    part = page[page.index("<h2>Images without a label</h2>") :]
    table = part[: part.index("</table>")]
    assert "film.png" in table and "photo.png" not in table
    refused = part[: part.index("</ul>")]
    assert "photo.png" in refused and "no class and no probability is given" in refused


def test_a_finding_is_listed_only_where_it_was_judged():
    row = {"image": "film.png", "split": "unlabelled", "status": "in", "p_mass": "0.7", "called_mass": "1"}
    refused = {"image": "photo.png", "split": "unlabelled", "status": "out", "p_mass": "", "called_mass": ""}
    (one,) = list_unlabelled([row, refused], ["mass"])
    assert one == {"image": "film.png", "called": ["mass"], "probabilities": {"mass": 0.7}}
