"""The paper speaks of the fewest cases, be it those with a finding or those without it."""

from paper.paper_run import build, numbers
from wetread.paper.facts import read_facts
from wetread.paper.methods_statistics import _sample_size
from wetread.paper.results import _limits


def facts_with(tmp_path, **n):
    counts = numbers()["n"] | n
    return read_facts(build(tmp_path / "run", stored=numbers(n=counts)))


def test_the_rarer_side_of_a_finding_is_named(tmp_path):
    with_few_without = {"patients_per_class": {"scar": 500}, "patients_without": {"scar": 12}}
    facts = facts_with(tmp_path, **with_few_without)
    assert "those without scar, had 12 patients in the test" in _sample_size(facts)
    assert "fewer than 100 cases without scar were tested" in _limits(facts)


def test_the_rarest_class_is_named(tmp_path):
    facts = facts_with(tmp_path, patients_per_class={"scar": 20, "none": 30})
    assert "the rarest class, scar, had 20 patients in the test" in _sample_size(facts)
    assert "fewer than 100 cases of the rarest class were tested" in _limits(facts)
