"""Files -> files without what identifies. In: DICOM, PNG, JPEG, TIFF, BMP, folders of them. Out: the same, cleaned.

PS3.15 Annex E is the floor: the Basic Profile with shifted dates. Above it stands a rule of our own: what no rule
keeps is gone, and no text stays that a person could have typed. Nothing here claims that a picture is clean: pixels
are only searched.

- ``profile.py``: Table E.1-1 as data.
- ``kept.py``: closed lists of what may stay although the table does not name it.
- ``pseudonyms.py``: one secret -> pseudonyms, UIDs, shifts.
- ``dates.py``: shifting dates, capping ages.
- ``examine.py``: what a file exposes, by kind, never by value.
- ``options.py``: what stays beyond the profile. ``remove.py``: a data set -> one without.
- ``dicom_output.py``: the new file: header, and the old pixels.
- ``segments.py``: texts inside compressed frames.
- ``blank.py``: rectangles of pixels -> black.
- ``pictures.py``: PNG, JPEG and BMP without metadata.
- ``tiff.py``: the same for TIFF.
- ``worker.py``: the child process that meets the files.
- ``cleaner.py``: Cleaner, which asks it; ``examine_file``.
- ``names.py``: new names of files and folders.
- ``table.py``: tables of labels. ``further_columns.py``: which columns beside image and label do not tell who it is.
- ``outcome.py``: what is told to whoever asked.
- ``folder.py``: ``deidentify_folder``.
"""
