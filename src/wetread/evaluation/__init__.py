"""In: a predictions table. Out: numbers with intervals, and the points of curves. No image and no model is needed.

- ``predictions.py``: one row per tested image; predictions.csv in and out.
- ``evaluate.py``: every number of numbers.json.
- ``curves.py``: points of ROC, precision-recall and calibration curves.
"""
