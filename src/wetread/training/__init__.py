"""In: pictures, labels, folds, a plan. Out: predictions for every held-out case, and the classifier to ship.

- ``plan.py``: every decision of a run with its reason; plan.yaml in and out (no torch).
- ``augment.py``: what may change in a training image, and what may not (torch).
- ``loop.py``: the epoch loop in the open (torch).
- ``rungs.py``: the models that compete, from none to a network; each fits on training rows only.
- ``ladder.py``: nested cross-validation: rungs compete inside each training fold, and the winner is tested outside.
"""
