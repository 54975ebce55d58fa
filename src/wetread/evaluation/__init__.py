"""In: a predictions table. Out: numbers with intervals, and the points of curves. No image and no model is needed.

- ``predictions.py``: one row per tested image; predictions.csv in and out.
- ``evaluate.py``: every number of numbers.json.
- ``finding_predictions.py``, ``findings.py``, ``finding_numbers.py``: the same for images with several findings.
- ``curves.py``: points of ROC, precision-recall and calibration curves.
"""
