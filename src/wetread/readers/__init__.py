"""In: a table of what readers said of images, perhaps with a truth and with a run. Out: how they compare.

- ``table.py``: the table, wide or long -> ``Readings``; ``columns.py`` which column means what, ``rows.py`` both
  layouts, ``vocabulary.py`` what the labels mean.
- ``people.py``: a second table with the readers' experience -> strata.
- ``held_out.py``: what a model said of the same images, from the held-out predictions of a run.
- ``resample.py``: patients drawn once for all comparisons. ``protocol.py``: F1 by both protocols of CheXNet.
- ``agreement.py``: kappa of pairs, Fleiss, Krippendorff, by finding and by class.
- ``truth.py``: sensitivity, specificity and AUROC where a truth is known.
- ``strata.py``: the same by experience; times per case.
- ``results.py``: everything together, as readers.json and as tables. ``words.py``: its warnings and its method.
- ``imrmc.py``: export for FDA's iMRMC. ``simulate.py``: readers of known skill.
"""
