"""In: rows that were read, their labels and folds. Out: how well tiny models tell the label that never saw the anatomy.

- ``probe.py``: `Probe`, `Features`, `ProbeResult`, and `Sight`: the rows and the small pictures made of them once.
- ``run_probes.py``: every probe, out of fold, by the folds of the run.
- ``finding_probes.py``: the same for several findings at once.
- ``learners.py``: the two models: ridge for brightness, a forest for mixed tables.
- ``file_properties.py``: size, shape, bytes, format.
- ``header.py``: harmless DICOM fields.
- ``borders.py``: strips along the edges. ``corners.py``: the four corners.
- ``masked_centre.py``: a thumbnail without its middle. ``low_information.py``: grey values without places; a blur.
- ``source.py``: where an image comes from, by the columns of the table.
- ``markers.py``: what is written into the picture; ``text.py`` finds it.
"""
