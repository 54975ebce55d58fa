"""In: the pictures of a finished run. Out: what the model would be worth with more cases, with a band, as a sentence.

- ``cases.py``: a run folder -> features, labels and groups, as a linear head sees them.
- ``divisions.py``: which groups are tested, and nested training sets of growing size.
- ``strengths.py``: the penalty at each size. ``refits.py``: the linear head fitted anew, draw by draw.
- ``areas.py``: AUROC of every draw and size, for many resamples at once.
- ``power_law.py``: error = a + b n^-c.
- ``forecast.py``: the curve, its band, and twice the cases; ``verdict.py``: what that means, in words.
- ``curve.py``: `LearningCurve`, the whole job.
"""
