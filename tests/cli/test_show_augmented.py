"""`wetread show --augmented`: what training makes of the pictures, as a plan or a recipe has it."""

import pytest
from dataset.rows import write_images

from cli.command import call


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    names = [f"{label}/{number}.png" for label in ("cat", "dog") for number in range(6)]
    return write_images(tmp_path_factory.mktemp("data") / "pets", *names)


def show(data, *more):
    return call("show", data, "--augmented", "--quiet", *more)


def test_page_and_picture_are_written_where_asked(data, tmp_path):
    ended = show(data, "--out", tmp_path / "a.html", "--json")
    assert (ended.code, ended.json) == (0, {"file": str(tmp_path / "a.html")})
    assert "What may change, and why" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert show(data, "--png", "--out", tmp_path / "a.png").code == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_the_answer_the_recipe_the_plan_and_a_single_range_are_followed(data, tmp_path):
    page = tmp_path / "a.html"

    def said(*more):
        assert show(data, "--out", page, *more).code == 0
        return page.read_text(encoding="utf-8")

    assert "you said that sides do not matter" in said("--laterality", "free")
    assert "you said that sides matter" in said("--laterality", "matters")
    lesson = said("--recipe", "carpentries")
    assert "Nothing is changed." in lesson and "256 × 256" in lesson
    (tmp_path / "plan.yaml").write_text("rotation: 3\n", encoding="utf-8")
    assert "up to 3° either way" in said("--plan", tmp_path / "plan.yaml")
    assert "up to 12° either way" in said("--plan", tmp_path / "plan.yaml", "--set", "rotation=12")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--recipe", "lakani"), "Did you mean lakhani?"),
        (("--laterality", "left"), "--laterality left"),
        (("--set", "rotaton=3"), "rotation"),
        (("--set", "rotation=far"), "rotation"),
    ],
)
def test_what_cannot_be_followed_gets_one_message(data, tmp_path, more, message):
    assert message in show(data, "--out", tmp_path / "a.html", *more).message()
    assert not (tmp_path / "a.html").exists()


def test_questions_about_training_need_the_flag(data, tmp_path):
    ended = call("show", data, "--quiet", "--laterality", "free", "--out", tmp_path / "a.html")
    assert "Add --augmented" in ended.message()
