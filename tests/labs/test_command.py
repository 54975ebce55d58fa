"""`wetread lab` as a person meets it."""

from cli.command import call

from wetread.labs.catalogue import LABS


def test_the_list_names_minutes_and_questions():
    shown = call("lab")
    assert shown.code == 0
    for name in LABS:
        assert name in shown.out
    assert "minutes" in shown.out
    assert "two quiet cores" in shown.out


def test_the_list_for_scripts():
    listed = call("lab", "--json").json["labs"]
    assert [one["name"] for one in listed] == list(LABS)
    assert {"question", "minutes", "takes_data"} <= set(listed[0])


def test_a_lab_that_is_not_there(tmp_path):
    assert "no lab hemorrhage-6" in call("lab", "hemorrhage-6").message()
    assert "makes its own data" in call("lab", "leak", "--data", tmp_path, "--out", tmp_path / "out").message()


def test_done_by_command(tmp_path, monkeypatch):
    """What the shell hands over and shows; the lab itself is done elsewhere."""
    asked = {}

    def stand_in(name, out, **options):
        asked.update(options, name=name, out=out)
        told = {"question": "Why?", "see": ["Small.", "0.50 (0.40 to 0.60)"], "warnings": ["Small."], "not": ["More."]}
        return {**told, "page": str(tmp_path / "lab.html"), "use": "Research and teaching only."}

    monkeypatch.setattr("wetread.labs.run_lab.run_lab", stand_in)
    shown = call("lab", "leak", "--small", "--seed", 3, "--out", tmp_path)
    assert shown.code == 0
    assert "0.50 (0.40 to 0.60)" in shown.out
    assert "Research and teaching only." in shown.out
    assert (asked["name"], asked["seed"], asked["small"], asked["out"], asked["data"]) == (
        "leak",
        3,
        True,
        tmp_path,
        None,
    )
    assert call("lab", "leak", "--quiet").out.strip() == str(tmp_path / "lab.html")
