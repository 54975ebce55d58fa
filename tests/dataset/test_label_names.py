"""Names of findings: cleaned, split, and brought to one spelling each."""

import unicodedata

import pytest

from wetread.dataset.label_names import clean_name, holds_several, join_spellings, says_none, split_names


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        (" Effusion ", "Effusion"),
        ("Pleural \t\n thickening", "Pleural thickening"),
        ("Eff\x00us\x07ion\ufeff", "Effusion"),
        ("\u202eEffusion\u202c", "Effusion"),
        (unicodedata.normalize("NFD", "Erguß größer"), "Erguß größer"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u00a0x\u00a0", "x"),
        ("\x00", ""),
    ],
)
def test_names_are_cleaned(written, clean):
    assert clean_name(written) == clean


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Effusion", ("Effusion",)),
        ("Mass|Effusion", ("Effusion", "Mass")),
        ("Mass| |Effusion||Mass ", ("Effusion", "Mass")),
        ("['pleural effusion', 'mass']", ("mass", "pleural effusion")),
        ("[\"a, b\", 'c']", ("a, b", "c")),
        ("[b, a]", ("a", "b")),
        ("[]", ()),
        ("", ()),
        ("a, b", ("a, b",)),
        ("=cmd|'/C calc'!A0", ("=cmd|'/C calc'!A0",)),
    ],
)
def test_cells_are_split_and_never_evaluated(cell, names):
    assert split_names(cell) == names


def test_a_formula_does_not_make_a_table_multi_label():
    assert [holds_several(cell) for cell in ("a|b", "['a']", "=a|b", "@a|b", "a", "")] == [True, True] + [False] * 4


@pytest.mark.parametrize("name", ["No Finding", "no_finding", "NORMAL", "None", "no-findings", "No abnormality"])
def test_names_that_say_that_nothing_is_there(name):
    assert says_none(name)
    assert not says_none(f"{name} x")


def test_spellings_are_joined_to_the_most_frequent_and_said():
    names, notes = join_spellings(
        {"effusion": 3, "EFFUSION": 1, "Effusion": 5, "Mass": 2, "No Finding": 1, "NoFinding": 1}
    )
    assert names == {
        "effusion": "Effusion",
        "EFFUSION": "Effusion",
        "Effusion": "Effusion",
        "Mass": "Mass",
        "No Finding": "No Finding",
        "NoFinding": "No Finding",
    }
    assert notes == [
        "Read as Effusion: effusion (3), EFFUSION (1); they differ only in case or spaces.",
        "Read as No Finding: NoFinding (1); they differ only in case or spaces.",
    ]
