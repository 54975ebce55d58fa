"""Simulated readers have the skill that was asked for, and agree as the model says."""

import numpy as np
import pytest

from wetread.metrics.agreement import counted_pair_kappa
from wetread.readers.simulate import Skill, as_wide_csv, expected_cells, expected_kappa, simulate_readers


def test_skill_is_what_was_asked_for():
    skills = [Skill(0.8, 0.9), Skill(0.6, 0.97, shared=0.1)]
    study = simulate_readers(skills, cases=40_000, prevalence=0.25, seed=1)
    assert study.truth.mean() == pytest.approx(0.25, abs=1e-4)
    for skill, called, sure in zip(skills, study.called, study.confidence, strict=True):
        assert called[study.truth].mean() == pytest.approx(skill.sensitivity, abs=0.015)
        assert 1 - called[~study.truth].mean() == pytest.approx(skill.specificity, abs=0.015)
        assert ((sure > 50) == (called == 1)).all()


def test_agreement_is_what_the_model_says():
    one, other = Skill(0.8, 0.9, shared=0.6), Skill(0.7, 0.85, shared=0.4)
    study = simulate_readers([one, other], cases=40_000, prevalence=0.3, seed=2)
    found = counted_pair_kappa(study.called.T.astype(int), 2)(np.ones((1, study.called.shape[1])))[0]
    assert found == pytest.approx(expected_kappa(one, other, 0.3), abs=0.02)
    assert expected_cells(one, other, 0.3).sum() == pytest.approx(1)
    # Independent errors: cells are products within the ill and the well.
    alone = expected_cells(Skill(0.8, 0.9, shared=0), Skill(0.7, 0.85, shared=0), 0.3)
    assert alone[1, 1] == pytest.approx(0.3 * 0.56 + 0.7 * 0.1 * 0.15, abs=1e-6)


def test_shared_errors_raise_agreement():
    pair = [[Skill(0.8, 0.8, shared=shared)] * 2 for shared in (0.0, 0.5, 0.9)]
    kappas = [expected_kappa(*two, 0.3) for two in pair]
    assert kappas[0] < kappas[1] < kappas[2]


def test_missing_patients_and_repeats():
    study = simulate_readers([Skill(0.8, 0.9)] * 2, cases=1000, images_per_patient=4, missing=0.1, seed=3)
    assert len(set(study.patients.tolist())) == 250
    assert all(len(set(study.truth[study.patients == patient].tolist())) == 1 for patient in range(250))
    assert np.isnan(study.called).mean() == pytest.approx(0.1, abs=0.03)
    again = simulate_readers([Skill(0.8, 0.9)] * 2, cases=1000, images_per_patient=4, missing=0.1, seed=3)
    assert as_wide_csv(study) == as_wide_csv(again)


@pytest.mark.parametrize("wrong", [{"sensitivity": 1.0}, {"specificity": 0.0}, {"shared": 1.0}])
def test_impossible_skill_is_refused(wrong):
    with pytest.raises(ValueError, match="must lie"):
        Skill(**({"sensitivity": 0.8, "specificity": 0.9} | wrong))
