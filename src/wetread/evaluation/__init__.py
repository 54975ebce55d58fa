"""In: a predictions table. Out: numbers with intervals, and the points of curves. No image and no model is needed.

- ``predictions.py``: one row per tested image; predictions.csv in and out.
- ``evaluate.py``: every number of numbers.json; ``rates.py``, ``calibration.py``: parts of it.
- ``recalibration.py``: what was fitted to correct the probabilities, and what is said where cases were too few.
- ``per_image.py``: what both tables of predictions share.
- ``finding_predictions.py``, ``findings.py``, ``finding_numbers.py``: the same for images with several findings.
- ``counts.py``: how many images and patients were tested, with each class or finding and without it.
- ``questions.py``: what of a table is a yes or no: the positive class, each class, each finding.
- ``judgement.py``: what is judged beyond that: ``operating_points.py``, ``decision.py``, ``subgroups.py``.
- ``subgroup_columns.py``, ``subgroup_cells.py``, ``subgroup_questions.py``: which columns make groups, each against the
  rest, and what is said of every finding in it.
- ``finding_sets.py``: how often the sets of findings hold what is true, on images they were not made from.
- ``external.py``: how far the numbers fall elsewhere.
- ``comparison.py``, ``tested_cases.py``, ``fold_differences.py``: runs against each other on the same cases.
- ``by_division.py``: the AUROC of each division alone, and of the first, to compare with the probes.
- ``shuffled_labels.py``: whom the permutation test asked; ``training_again.py``: when its interval is too sure.
- ``trust.py``: the lights that head a report; ``advice.py``: the commands they advise, made from that of the run.
- ``curves.py``: points of ROC, precision-recall and calibration curves.
"""
