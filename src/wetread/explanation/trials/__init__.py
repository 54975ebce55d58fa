"""In: a classifier, some pictures, methods. Out: which tests each method passes: may its maps be believed?

One test per file, each a plain function that gives an `Outcome`; the seven of them are those in the order of `TRIALS`.

- ``outcome.py``: `Outcome`: verdict, value with its interval, what it was compared with, a sentence, the source.
- ``sample.py``: `Sample`: pictures, targets, masks; maps made once and kept.
- ``likeness.py``: rank correlation, structural similarity and overlap of two maps.
- ``spread.py``: means over pictures with intervals over patients.
- ``randomise.py``: a classifier with its weights shuffled, from the head down.
- ``remember.py``: a classifier that keeps what it has seen, where only its last layer changes.
- ``work.py``: what questions to a model cost, counted and not timed.
- ``weights.py``: other weights, other map.
- ``labels.py``: other labels, other map.
- ``deletion.py``: what is hot matters.
- ``pointing.py``: the heat lies on the lesion.
- ``repeat.py``: another seed, a picture moved by two pixels: the same map.
- ``agreement.py``: methods of another kind say the same.
- ``counterfactual.py``: without the lesion there is no heat.
- ``outside.py``: how much of the heat lies outside the body; reported, not judged.
- ``run_trials.py``: all of them, for several methods.
"""
