"""The simpler model stays unless the higher one is clearly better on what neither has seen."""

import numpy as np

from wetread.training.gain import choose_rung


def table(truth, sure):
    """Two classes; `sure` is the probability of the true class."""
    probabilities = np.empty((len(truth), 2))
    probabilities[np.arange(len(truth)), truth] = sure
    probabilities[np.arange(len(truth)), 1 - truth] = 1 - sure
    return probabilities


def test_the_simpler_rung_stays_when_they_are_alike():
    random = np.random.default_rng(0)
    truth, groups = np.arange(80) % 2, np.arange(80)
    inner = {
        "classical": table(truth, random.uniform(0.3, 0.9, 80)),
        "network": table(truth, random.uniform(0.3, 0.9, 80)),
    }
    assert choose_rung(inner, truth, groups)[0] == "classical"


def test_a_clearly_better_rung_is_chosen():
    random = np.random.default_rng(0)
    truth, groups = np.arange(80) % 2, np.arange(80)
    inner = {
        "classical": table(truth, random.uniform(0.2, 0.7, 80)),
        "network": table(truth, random.uniform(0.6, 0.95, 80)),
    }
    assert choose_rung(inner, truth, groups)[0] == "network"


def test_one_patient_with_many_images_does_not_outvote_the_rest():
    truth = np.arange(120) % 2
    groups = np.concatenate([np.zeros(90, dtype=int), np.arange(1, 31)])
    simple, higher = np.full(120, 0.6), np.concatenate([np.full(90, 0.99), np.full(30, 0.55)])
    assert (
        choose_rung({"classical": table(truth, simple), "network": table(truth, higher)}, truth, groups)[0]
        == "classical"
    )
