"""The stages of the main job, each wiring rooms and filling the run folder.

- ``session.py``: keeps run.json true whatever happens; tells when a step begins and ends.
- ``ahead.py``: imports that take seconds, in the background.
- ``intake.py``: list, decode, patients and copies; what of it goes into the run folder.
- ``resuming.py``: going on with a run, with the data and the plan that it began with.
- ``device.py``: the device of a run is that of this machine.
- ``preparation.py``: labels, plan, division, checks.
- ``fitting.py``: the ladder over all folds, and the model to ship.
- ``refusing.py``: which pictures the model will not judge.
- ``numbers.py``, ``tested.py``: held-out predictions -> numbers.json and predictions.csv.
- ``explaining.py``: whether the heatmaps pass their tests.
- ``trust_gate.py``: may it be believed?
- ``pages.py``: explanations, the model folder, the report, the paper kit.
- ``external.py``, ``external_*.py``, ``overlap.py``: the test of a finished model on data from elsewhere.

Heavy rooms are imported inside the function that needs them, so that `import wetread` and `--help` stay light.
"""
