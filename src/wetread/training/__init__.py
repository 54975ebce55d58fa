"""In: pictures, labels, folds, a plan. Out: predictions for every held-out case, and the classifier to ship.

What is decided (no torch):

- ``fingerprint.py``, ``measure.py``: what is known of data and machine before anything is decided.
- ``rules.py``: from a fingerprint to decisions, each with its reason.
- ``plan.py``: all decisions of a run.
- ``plan_file.py``: how they are edited, with ``plan_text.py`` (YAML), ``plan_values.py`` (what a value may be),
  ``plan_settled.py`` (whether it can be followed), ``plan_weights.py`` and ``plan_departures.py`` (of a recipe).
- ``modality.py``, ``ranges.py``: which kind of picture this is, and how much may change in it.
- ``recipes.py``, ``recipes/``: published recipes as plan files.
- ``settings.py``: what the plan says to the epoch loop.

What competes:

- ``training_set.py``: pictures, labels and groups, and what is computed of them once.
- ``rungs.py``, ``fitted.py``, ``gain.py``: the models, each fitted on training rows only; calibrated; compared.
- ``ladder.py``: nested cross-validation: rungs compete inside each training fold, and the winner is tested outside.
- ``pace.py``: how fast this machine trains a network (torch).
- ``spent.py``: the time that training has taken, over all starts of a run.

How a network is trained (torch):

- ``loop.py``: the epoch loop in the open; ``fit.py`` carries what it needs from step to step.
- ``losses.py``, ``optimise.py``, ``average.py``, ``feed.py``, ``checkpoint.py``, ``watch.py``, ``processor.py``: parts.
- ``draws.py``, ``augment.py``, ``preview.py``: what changes in a picture, drawn by (seed, epoch, row); shown before.
"""
