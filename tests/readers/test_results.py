"""The whole verb: what readers.json says, what lies in the folder, and what is refused."""

import csv
import io
import json

import numpy as np
import pytest
from rich.console import Console

from wetread.cli.readers_command import readers_view
from wetread.errors import InputError, OutputError
from wetread.readers.simulate import Skill, as_long_csv, as_wide_csv, expected_kappa, simulate_readers
from wetread.steps.readers import compare_readers as readers

FAST = {"resamples": 200}
SKILLS = [Skill(0.8, 0.92), Skill(0.7, 0.95), Skill(0.9, 0.85), Skill(0.75, 0.9)]


@pytest.fixture
def table(tmp_path):
    def write(text, name="table.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def study(table, write_run):
    """Four readers and a model of known skill on 300 patients; the run knows the images in a folder."""
    found = simulate_readers([*SKILLS, Skill(0.85, 0.93)], cases=300, prevalence=0.3, seed=4)
    words = {1.0: "effusion", 0.0: "normal"}
    rows = [
        (f"images/case{n + 1:04d}.png", words[float(truth)], words[call], sure / 100)
        for n, (truth, call, sure) in enumerate(zip(found.truth, found.called[4], found.confidence[4], strict=True))
    ]
    run = write_run(rows)
    four = type(found)(found.truth, found.patients, found.called[:4], found.confidence[:4])
    return four, run


def test_the_papers_table(study, table, tmp_path):
    four, run = study
    found = readers(table(as_wide_csv(four)), model=run, out=tmp_path / "out", **FAST)
    assert json.loads((tmp_path / "out" / "readers.json").read_text()) == {
        key: value for key, value in found.items() if key not in ("folder", "report")
    }
    assert found["model"]["matched"] == 300
    assert found["model"]["splits"] == {"predicted in the fold that held them out": 300}
    for told in found["protocols"].values():
        one = told["columns"]["effusion"]
        assert [row["name"] for row in one["rows"]] == [f"reader {n}" for n in range(1, 5)] + ["model"]
        assert one["average"]["value"] == pytest.approx(
            np.mean([row["f1"]["value"] for row in one["rows"][:4]]), abs=1e-5
        )
        gap = one["rows"][4]["f1"]["value"] - one["average"]["value"]
        assert one["difference"]["value"] == pytest.approx(gap, abs=1e-5)
        assert one["difference"]["significant"] == (one["difference"]["low"] > 0 or one["difference"]["high"] < 0)
    assert "without_model" in found["protocols"]["paper"]["columns"]["effusion"]
    rows = list(csv.DictReader((tmp_path / "out" / "readers.csv").open()))
    assert {row["row"] for row in rows if row["protocol"] == "majority"} == {
        "reader 1", "reader 2", "reader 3", "reader 4", "average of the readers", "model", "model minus average",
    }  # fmt: skip
    page = (tmp_path / "out" / "readers.html").read_text()
    assert "not neutral" in page
    assert found["use"] in page
    assert "<script" not in page


def test_planted_kappas_and_rates_are_within_their_intervals(study, table, tmp_path):
    four, run = study
    found = readers(table(as_long_csv(four)), model=run, out=tmp_path / "out", **FAST)
    pairs = {(pair["a"], pair["b"]): pair["kappa"] for pair in found["agreement"]["effusion"]["pairs"]}
    inside = 0
    for a in range(4):
        for b in range(a + 1, 4):
            kappa, planted = pairs[f"reader {a + 1}", f"reader {b + 1}"], expected_kappa(SKILLS[a], SKILLS[b], 0.3)
            inside += kappa["low"] <= planted <= kappa["high"]
    assert inside >= 5  # of six intervals of 95 %
    rows = {row["name"]: row for row in found["truth"]["effusion"]["rows"]}
    rates = [rows[f"reader {n + 1}"]["sensitivity"] for n in range(4)]
    assert sum(rate["low"] <= skill.sensitivity <= rate["high"] for rate, skill in zip(rates, SKILLS, strict=True)) >= 3
    assert rows["reader 1"]["auroc"]["low"] < rows["reader 1"]["auroc"]["value"] < rows["reader 1"]["auroc"]["high"]
    minus = rows["model"]["auroc"]["value"] - rows["reader 1"]["auroc"]["value"]
    assert rows["reader 1"]["minus"]["auroc"]["value"] == pytest.approx(minus, abs=2e-6)
    assert rows["reader 1"]["minus"]["auroc"]["method"] == "DeLong, paired"
    assert found["truth"]["effusion"]["roc"][0] == [0, 0]


def test_imrmc_has_one_truth_per_case(study, table, tmp_path):
    four, run = study
    readers(table(as_long_csv(four)), model=run, out=tmp_path / "out", **FAST)
    rows = list(csv.DictReader((tmp_path / "out" / "imrmc.csv").open()))
    truths = [row for row in rows if row["readerID"] == "-1"]
    assert len(truths) == len({row["caseID"] for row in truths}) == 300
    assert {row["modalityID"] for row in rows} == {"truth", "readers", "model"}
    assert len(rows) == 300 * 6
    assert (tmp_path / "out" / "imrmc.imrmc").read_text().count("BEGIN DATA:") == 1


def test_strata_of_a_second_table(study, table, tmp_path):
    four, run = study
    people = table("reader,years\nreader 1,2\nreader 2,20\nreader 3,2\nreader 4,20\n", "people.csv")
    found = readers(table(as_wide_csv(four)), model=run, people=people, out=tmp_path / "out", **FAST)
    assert [(one["name"], one["readers"]) for one in found["strata"]] == [
        ("2 years", ["reader 1", "reader 3"]),
        ("20 years", ["reader 2", "reader 4"]),
    ]
    rows = found["protocols"]["paper"]["columns"]["effusion"]["rows"]
    mean = (rows[0]["f1"]["value"] + rows[2]["f1"]["value"]) / 2
    cell = found["strata"][0]["columns"]["effusion"]
    assert cell["average"]["value"] == pytest.approx(mean, abs=1e-5)
    assert {"difference", "fleiss", "alpha"} <= cell.keys()
    strangers = table("reader,years\nsomebody,2\n", "people.csv")
    with pytest.raises(InputError, match="None of the readers"):
        readers(table(as_wide_csv(four)), people=strangers, out=tmp_path / "other", **FAST)


def test_the_terminal_shows_the_papers_layout(study, table, tmp_path):
    four, run = study
    found = readers(table(as_wide_csv(four)), model=run, out=tmp_path / "out", **FAST)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(readers_view(found))
    text = console.export_text()
    lines = [line.strip().split("  ")[0] for line in text.splitlines()]
    start = lines.index("reader 1")
    assert lines[start : start + 7] == [
        "reader 1", "reader 2", "reader 3", "reader 4", "average of the readers", "model", "difference",
    ]  # fmt: skip
    assert found["use"] in text


def test_several_findings_some_unknown_to_the_model(table, write_findings_run, tmp_path):
    random = np.random.default_rng(0)
    images = [f"i{n}.png" for n in range(60)]
    run = write_findings_run([(f"x/{i}", {"Edema": random.random(), "Mass": 0.1}) for i in images], ["Edema", "Mass"])
    words = ["Edema", "Mass", "Hernia"]

    def cell():
        return "|".join(word for word in words if random.random() < 0.4) or "No Finding"

    text = "\n".join(["image,r1,r2,r3", *(f"{image},{cell()},{cell()},{cell()}" for image in images)])
    found = readers(table(text), model=run, out=tmp_path / "out", **FAST)
    assert found["findings"] == ["Edema", "Hernia", "Mass"]
    assert found["model"]["not_compared"] == ["Hernia"]
    columns = found["protocols"]["paper"]["columns"]
    assert list(columns) == ["Edema", "Hernia", "Mass", "all findings pooled", "mean of the findings"]
    assert columns["Hernia"]["rows"][3]["f1"] is None
    assert "difference" not in columns["Hernia"]
    both = (columns["Edema"]["average"]["value"] + columns["Mass"]["average"]["value"]) / 2
    assert columns["mean of the findings"]["average"]["value"] == pytest.approx(both, abs=1e-5)
    assert any("nothing was corrected" in warning for warning in found["warnings"])
    assert "Hernia" in (tmp_path / "out" / "readers.html").read_text()


def test_ordered_labels(table, tmp_path):
    text = "image,A,B,C\n" + "\n".join(f"i{n},{1 + n % 5},{1 + (n + n // 9) % 5},{1 + n % 5}" for n in range(40))
    found = readers(table(text), out=tmp_path / "out", **FAST)
    assert found["labels"]["ordered"]
    assert {"fleiss", "alpha", "alpha_ordinal", "alpha_quadratic"} <= found["labels"].keys()
    same = next(pair for pair in found["labels"]["pairs"] if (pair["a"], pair["b"]) == ("A", "C"))
    assert same["kappa"]["value"] == 1
    assert found["truth"] == {}
    assert not (tmp_path / "out" / "imrmc.csv").exists()


def test_rare_findings_get_the_adjusted_kappa(table, tmp_path):
    text = "image,A,B\n" + "\n".join(f"i{n},{int(n == 0)},{int(n < 2)}" for n in range(50))
    told = readers(table(text), out=tmp_path / "out", **FAST)["agreement"]["positive"]
    assert told["pabak"]["value"] == pytest.approx(0.96)
    assert told["pairs"][0]["pabak"]["value"] == pytest.approx(0.96)


def test_constant_readers_have_defined_results(table, tmp_path):
    text = "image,A,B,C\n" + "\n".join(f"i{n},0,0,0" for n in range(30))
    found = readers(table(text), out=tmp_path / "out", **FAST)
    assert all(row["f1"]["value"] == 0 for row in found["protocols"]["paper"]["columns"]["positive"]["rows"])
    assert any("not defined" in warning for warning in found["warnings"])
    assert "kappa" not in found["agreement"]["positive"]["pairs"][0]
    assert "NaN" not in (tmp_path / "out" / "readers.json").read_text()


def test_one_reader_needs_somebody_to_compare_with(table, tmp_path, write_run):
    alone = "image,reader 1{}\n" + "\n".join(f"i{n}.png,{n % 2}{{}}" for n in range(20))
    with pytest.raises(InputError, match="One reader alone") as caught:
        readers(table(alone.format("", *[""] * 20)), out=tmp_path / "out", **FAST)
    assert caught.value.code == "one-reader"
    assert not (tmp_path / "out").exists()
    found = readers(table(alone.format(",truth", *[f",{n % 3 % 2}" for n in range(20)])), out=tmp_path / "out", **FAST)
    assert found["protocols"] == {}
    assert "sensitivity" in found["truth"]["positive"]["rows"][0]
    assert "need two readers" in (tmp_path / "out" / "readers.html").read_text()
    run = write_run([(f"i{n}.png", "normal", "effusion" if n % 2 else "normal", 0.6) for n in range(20)])
    found = readers(table(alone.format("", *[""] * 20)), model=run, out=tmp_path / "with", **FAST)
    assert found["agreement"]["effusion"]["pairs"][0]["kappa"]["value"] == 1


def test_a_reader_who_read_other_images(table, tmp_path):
    text = "image,reader 1,reader 2,reader 3\n" + "\n".join(
        f"i{n},{n % 2 if n < 20 else ''},{n % 3 % 2 if n < 20 else ''},{n % 2 if n >= 20 else ''}" for n in range(30)
    )
    found = readers(table(text), out=tmp_path / "out", **FAST)
    rows = found["protocols"]["paper"]["columns"]["positive"]["rows"]
    assert [row["f1"] is None for row in rows] == [False, False, True]
    assert found["n"]["read_by_all"] == 0
    assert "fleiss" not in found["agreement"]["positive"]
    assert "alpha" in found["agreement"]["positive"]


def test_truth_of_one_class_only(table, tmp_path):
    text = "image,A,B,truth\n" + "\n".join(f"i{n},{n % 2},{n % 3 % 2},0" for n in range(20))
    found = readers(table(text), out=tmp_path / "out", **FAST)
    assert found["truth"]["positive"]["undefined"] == "no image with the finding has a known truth"


def test_images_without_a_held_out_prediction_take_no_part(study, table, tmp_path):
    four, run = study
    text = as_wide_csv(four) + "stranger.png,P9,effusion,effusion,effusion,effusion,effusion\n"
    found = readers(table(text), model=run, out=tmp_path / "out", **FAST)
    assert found["model"]["without"] == ["stranger.png"]
    assert found["n"]["images"] == 300
    assert any("1 image has no held-out prediction" in warning for warning in found["warnings"])


def test_other_images_and_other_findings_are_refused(table, tmp_path, write_run):
    run = write_run([("a.png", "normal", "normal", 0.1), ("b.png", "effusion", "effusion", 0.9)])
    with pytest.raises(InputError) as caught:
        readers(table("image,A,B\nx.png,effusion,normal\ny.png,normal,normal\n"), model=run, out=tmp_path / "o")
    assert caught.value.code == "other-images"
    with pytest.raises(InputError) as caught:
        readers(table("image,A,B\na.png,cat,dog\nb.png,dog,cat\n"), model=run, out=tmp_path / "o")
    assert caught.value.code == "other-findings"
    with pytest.raises(InputError, match="not a run folder"):
        readers(table("image,A,B\na.png,1,0\n"), model=tmp_path, out=tmp_path / "o")


def test_anonymous_leaves_no_name_behind(table, tmp_path):
    text = "image,reader,label\n" + "\n".join(
        f"i{n},{who}@hospital.org,{n % 2}" for n in range(20) for who in ("ann", "bob", "cleo")
    )
    readers(table(text), out=tmp_path / "out", anonymous=True, **FAST)
    for path in (tmp_path / "out").iterdir():
        assert "hospital" not in path.read_text()
    readers(table(text), out=tmp_path / "named", **FAST)
    assert "--anonymous" in (tmp_path / "named" / "readers.html").read_text()


def test_names_are_escaped_on_the_page(table, tmp_path):
    text = "image,<b>A</b>,=B\n" + "\n".join(f"i{n},{n % 2},{n % 3 % 2}" for n in range(20))
    readers(table(text), out=tmp_path / "out", **FAST)
    page = (tmp_path / "out" / "readers.html").read_text()
    assert "<b>A</b>" not in page
    assert "&lt;b&gt;A&lt;/b&gt;" in page
    assert ",'=B," in (tmp_path / "out" / "readers.csv").read_text()


def test_results_replace_their_like_and_nothing_else(table, tmp_path):
    with_truth = "image,A,B,truth\na,1,0,1\nb,0,0,0\nc,1,1,1\n"
    readers(table(with_truth), out=tmp_path / "out", **FAST)
    assert (tmp_path / "out" / "truth.csv").exists()
    readers(table("image,A,B\na,1,0\nb,0,0\nc,1,1\n"), out=tmp_path / "out", **FAST)
    assert not (tmp_path / "out" / "truth.csv").exists()
    assert not (tmp_path / "out" / "imrmc.csv").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="holds other files"):
        readers(table(with_truth), out=tmp_path / "full", **FAST)


def test_same_seed_same_numbers(table, tmp_path):
    text = "image,A,B\n" + "\n".join(f"i{n},{n % 2},{n % 3 % 2}" for n in range(30))
    first, again = (readers(table(text), out=tmp_path / f"o{n}", **FAST)["protocols"] for n in range(2))
    assert first == again


def test_options_out_of_range(table, tmp_path):
    path = table("image,A,B\na,1,0\nb,0,0\n")
    with pytest.raises(InputError, match="settle a tie"):
        readers(path, ties="coin", out=tmp_path / "o")
    with pytest.raises(InputError, match="resamples"):
        readers(path, resamples=5, out=tmp_path / "o")


def one_reading_per_image(words, patients, images=40):
    """A wide table of three readers who mostly agree, `patients` taking turns."""
    lines = ["image,patient,r1,r2,r3"]
    for n in range(images):
        said = [words[(n % 3 == 0) != (n % 7 == k)] for k in range(3)]
        lines.append(f"images/case{n:04d}.png,p{n % patients},{','.join(said)}")
    return "\n".join(lines) + "\n"


def write_model_of_them(write_run, words):
    return write_run([
        (f"images/case{n:04d}.png", "effusion", words[n % 3 == 0], 0.9 if n % 3 == 0 else 0.1) for n in range(40)
    ])  # fmt: skip


def numbers_in(found):
    """Every number with its facts, however deep."""
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    own = [found] if isinstance(found, dict) and "value" in found else []
    return own + [number for one in inner for number in numbers_in(one)]


def test_one_patient_has_no_interval_and_nothing_is_significant(table, write_run, tmp_path):
    words = ("normal", "effusion")
    text, run = one_reading_per_image(words, patients=1), write_model_of_them(write_run, words)
    found = readers(table(text), model=run, out=tmp_path / "out", **FAST)
    numbers = numbers_in(found)
    assert len(numbers) > 10
    assert not any("low" in number or "high" in number for number in numbers)
    assert found["protocols"]["paper"]["columns"]["effusion"]["difference"]["significant"] is None
    assert any("one patient, so there are no intervals" in warning for warning in found["warnings"])
    assert "no number has an interval" in found["method"] and "resamples" not in found["method"]
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(readers_view(found))
    page = (tmp_path / "out" / "readers.html").read_text()
    for said in (console.export_text(), page):
        assert "too few patients to say" in said
        assert "not significant" not in said and "a significant difference" not in said
    rows = list(csv.DictReader((tmp_path / "out" / "readers.csv").open()))
    assert {row["low"] for row in rows} == {""}
    assert {row["significant"] for row in rows} == {"", "too few patients to say"}


@pytest.mark.parametrize(("patients", "judged"), [(9, False), (10, True)])
def test_few_patients_give_intervals_and_no_verdict(table, write_run, tmp_path, patients, judged):
    words = ("normal", "effusion")
    text, run = one_reading_per_image(words, patients), write_model_of_them(write_run, words)
    found = readers(table(text), model=run, out=tmp_path / "out", **FAST)
    gap = found["protocols"]["paper"]["columns"]["effusion"]["difference"]
    assert gap["low"] < gap["high"]
    assert (gap["significant"] is not None) == judged
    assert any("too few to call a difference significant" in warning for warning in found["warnings"]) != judged


@pytest.mark.parametrize(
    "absent", ["no_effusion", "no-effusion", "No_Effusion", "no_finding", "No-Finding", "not_seen"]
)
def test_underscores_and_hyphens_say_no_as_spaces_do(table, tmp_path, absent):
    found = readers(table(one_reading_per_image((absent, "effusion"), 20)), out=tmp_path / "out", **FAST)
    assert (found["kind"], found["findings"]) == ("yes or no", ["effusion"])


def test_who_read_nothing_is_set_aside(table, tmp_path):
    text = one_reading_per_image(("normal", "effusion"), 20).splitlines()
    wide = "\n".join([f"{text[0]},r4", *(f"{line}," for line in text[1:])])
    found = readers(table(wide), columns=["r1", "r2", "r3", "r4"], out=tmp_path / "out", **FAST)
    assert [one["name"] for one in found["readers"]] == ["r1", "r2", "r3"]
    assert (found["n"]["missing"], found["n"]["read_by_all"]) == (0, 40)
    assert "fleiss" in found["agreement"]["effusion"]
    assert "r4 read none of the images compared, and was set aside." in found["notes"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("effusion", "effusion")] * 20, "Not defined: everybody always said the same."),
        ([("effusion", ""), ("", "normal")] * 10, "Not defined: no two readers have read the same image."),
    ],
)
def test_agreement_that_is_not_defined_says_why(table, tmp_path, rows, why):
    text = "\n".join(["image,r1,r2", *(f"i{n}.png,{a},{b}" for n, (a, b) in enumerate(rows))])
    found = readers(table(text), columns=["r1", "r2"], out=tmp_path / "out", **FAST)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(readers_view(found))
    assert why in console.export_text()
    assert why in (tmp_path / "out" / "readers.html").read_text()


def test_fleiss_without_an_image_that_all_read_says_so(table, tmp_path):
    text = "\n".join([
        "image,r1,r2,r3",
        *(f"a{n}.png,{'effusion' if n % 2 else 'normal'},{'effusion' if n % 3 else 'normal'}," for n in range(12)),
        *(f"b{n}.png,,{'effusion' if n % 2 else 'normal'},{'effusion' if n % 3 else 'normal'}" for n in range(12)),
    ])  # fmt: skip
    readers(table(text), columns=["r1", "r2", "r3"], out=tmp_path / "out", **FAST)
    assert (
        "Fleiss&#39; kappa is not defined: no image was read by all." in (tmp_path / "out" / "readers.html").read_text()
    )
