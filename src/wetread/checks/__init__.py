"""In: a table that has been read and divided. Out: findings: known pitfalls, each with a sentence and a way out.

- ``finding.py``: `Finding`, and what the checks look at.
- ``run_checks.py``: the checks in the order they run, and the gate.
- ``wr1xx``: who is on both sides. ``wr2xx``: how many. ``wr3xx``: what gives the label away.
  ``wr4xx``: what is left out, odd or mixed. ``wr5xx``: labels to look at again. ``wr6xx``: who could be recognised.
- ``label_errors.py``: which labels model and neighbours contradict, out of fold.
- ``held_out.py``: which part of a given split is tested.
- ``by_class.py``: whether something is commoner in one class. ``given_away.py``: what the checks of the probes share.
"""
