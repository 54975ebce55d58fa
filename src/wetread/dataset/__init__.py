"""In: a folder, a table, a zip. Out: one table, one row per image, with patient, group, split and fold.

- ``table.py``: the row, what its columns mean, images.csv in and out.
- ``labels_file.py``: CSV and TSV with the synonyms that people use, encoding and separator sniffed.
- ``scan.py``: a folder of class folders, of given splits, or beside a table -> `Table`.
- ``reading.py``: decodes every image of a table once, by way of the killable worker.
- ``duplicates.py``: exact and near duplicates: perceptual hashes, then confirmed on pixels.
- ``groups.py``: which images belong to one patient, and therefore to one side of a split.
- ``split.py``: folds and test sets by group, stratified and seeded.
- ``properties.py``: what a file tells without looking at the picture.
"""
