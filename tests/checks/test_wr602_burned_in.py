import pytest
from dataset.rows import facts

from checks.audits import audit, clean_rows
from wetread.checks.wr602_burned_in import check


def test_what_headers_say_and_what_was_seen_are_joined():
    rows = clean_rows()
    rows[2].facts = facts(header={"BurnedInAnnotation": "YES"})
    found = check(audit(rows, texts={"a2.png": 3, "b5.png": 1, "b6.png": 0}))
    assert (found.severity, found.images) == ("info", ("a2.png", "b5.png"))
    assert found.numbers == {"header": 1, "found": 2}
    assert "need not be clean" in found.sentence
    assert found.sentence.startswith("1 header of ") and "; in 2 pictures something" in found.sentence
    assert check(audit(clean_rows(), texts={"a2.png": 3})).sentence.startswith("In 1 picture something")


@pytest.mark.parametrize("texts", [None, {}, {"a1.png": 0}])
def test_a_set_without_text_is_silent(texts):
    rows = clean_rows()
    rows[2].facts = facts(header={"BurnedInAnnotation": "NO"})
    assert check(audit(rows, texts=texts)) is None
