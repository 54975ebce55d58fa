"""Simulated frontal chest radiographs, with and without pleural effusion, for teaching and for tests.

In: a seed. Out: a folder of DICOM files with masks and a table of labels, or one radiograph in memory.

Nothing here is a patient: bodies are made of ellipsoids and tubes whose chord lengths are known in closed form, and
the X-ray physics runs over their sum. Reading down is the order in which a radiograph comes about:

- ``geometry.py``   chord lengths of ellipsoids, super-ellipses, tubes and hollow bones on a pixel grid, in cm
- ``patient.py``    who is imaged (drawn once per patient) and how they stood and breathed (drawn once per image)
- ``thorax.py``     body, rib cage, mediastinum, diaphragm and what remains between them: the lungs
- ``skeleton.py``   spine, ribs, collar bones, shoulder blades and upper arms
- ``vessels.py``    the branching, tapering vessels of both lungs
- ``effusion.py``   the pleural fluid: level, meniscus, blunted angle, subpulmonic form, volume
- ``anatomy.py``    all of the above added up: the line integral of attenuation
- ``physics.py``    from line integral to displayed grey: attenuation, scatter, blur, noise, enhancement, grey curve
- ``marker.py``     the letter R or L at its correct side, and the collimated border
- ``chest.py``      `render_chest`: one patient, one exposure, one picture with its mask and its facts
- ``radiograph.py`` a picture as the bytes of a DICOM file
- ``knobs.py``      what a teacher may turn
- ``dataset.py``    `make_chest_effusion`: a balanced, seeded folder of such files

Research and teaching only.
"""
