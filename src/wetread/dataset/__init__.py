"""In: a folder, a table, an archive, a project, an array file. Out: one table, one row per file, with patient and fold.

- ``table.py``: the row, what its columns mean, images.csv in and out.
- ``listing.py``: the names in a folder or archive, and where their bytes lie.
- ``scan.py``: any layout of DATA -> `Table`; nothing is decoded.
- ``table_rows.py``, ``finder.py``: a labels table and the files beside it -> rows; which file a table means.
- ``labels_file.py`` with ``columns.py``, ``labels_text.py``, ``raw_table.py``, ``labels_sheet.py``, ``workbook.py``,
  ``label_names.py``, ``label_values.py``, ``one_hot.py``, ``labels_table.py``: CSV, TSV and workbooks -> labels.
- ``other_columns.py``: which further columns tell a trait or a source, and which tell whose picture it is.
- ``readings.py``: repeated rows and several readers -> one entry per image. ``row_problems.py``: rows that are wrong.
- ``split_lists.py``: official lists of the training and test part.
- ``teachable_machine.py``: ``.tm`` projects in and out.
- ``array_files.py``, ``array_labels.py``, ``array_names.py``: MedMNIST-like ``.npz`` and IDX files.
- ``choose_view.py``: one way of showing grey values for the whole set, from its headers.
- ``reading.py``: decodes every image of a table once, by way of the killable worker.
- ``picture_store.py``: working pictures in memory, or in a file once they are many.
- ``rebuild.py``: a run folder -> its table, with pictures from the cache.
- ``duplicates.py``: exact and near duplicates: perceptual hashes, then confirmed on pixels. ``near_hashes.py``: all
  pairs of hashes within a few bits, without comparing each with each.
- ``groups.py``: which images belong to one patient, and therefore to one side of a split.
- ``header_patients.py``: patients of a table's column whom DICOM headers know as one.
- ``split.py``: folds and test sets by group, stratified and seeded. ``stratify.py``: the same for several findings.
- ``findings.py``: rows with several findings -> a matrix of labels, and which findings can be learnt.
- ``openings.py``: how often a test set has been opened.
- ``fix.py``, ``review.py``: a mended table of labels, and labels to look at again.
"""
