"""Pure arithmetic on truth and probability arrays; knows no image and no model.

In: arrays of truth, score or probability, and patient. Out: plain numbers, and numbers with an interval.

- ``inputs.py``: the one place where arrays are checked, at the entry of every public function;
- ``interval.py``: a number with its lower and upper bound, and how they were found;
- ``discrimination.py``: how well a score ranks the cases: AUROC, average precision and their curves;
- ``confusion.py``: what the called classes are worth: counts, sensitivity and its kin, F1, balanced accuracy, kappa;
- ``calibration.py``: whether a probability of 0.7 comes true seven times in ten;
- ``temperature.py``, ``platt.py``: one number, or two, that correct logits;
- ``operating_point.py``, ``point_rule.py``: where to cut a probability into yes and no;
- ``predictive_values.py``: PPV and NPV where a finding is rarer or commoner than here;
- ``decision_curve.py``: whether acting by the model would help;
- ``conformal.py``: which classes cannot be ruled out;
- ``agreement.py``: kappas and alpha of several readers;
- ``mcnemar.py``, ``holm.py``: two models on the same cases; many comparisons;
- ``sample_size.py``: how many cases an interval of a given width needs;
- ``counted.py``: the same numbers for many resamples at once, given how often each row was drawn;
- ``counted_calibration.py``: the same for Brier score, calibration error and calibration line;
- ``mix.py``: which numbers move with how common each class is, and so from whom resamples are drawn;
- ``calibration_line.py``: intervals for slope and intercept of the recalibration line;
- ``delong.py``: interval and paired test for the AUROC, by image or by patient;
- ``newcombe.py``: interval for the AUROC of few cases, with one image per patient or several;
- ``bootstrap.py``: intervals for anything, drawing patients rather than images;
- ``intervals.py``: Wilson, exact, repeated cross-validation, and the choice between one image per patient and several.

Conventions: a number that is not defined (a class is absent, nothing was counted) is ``None``, never 0 and never NaN;
arrays that do not fit together are the programmer's mistake and raise ``ValueError``.
"""
