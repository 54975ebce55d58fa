"""Simulated radiographs of chest and abdomen and simulated head CT, for teaching and for tests.

In: a seed. Out: a folder of DICOM files with masks and a table of labels, or one radiograph in memory.

Nothing here is a patient: bodies are made of ellipsoids and tubes whose chord lengths are known in closed form, and
the X-ray physics runs over their sum. Reading down is the order in which a radiograph comes about:

- ``geometry.py``   chord lengths of ellipsoids, super-ellipses, tubes and hollow bones on a pixel grid, in cm
- ``patient.py``    who is imaged (drawn once per patient) and how they stood and breathed (drawn once per image)
- ``thorax.py``     body, rib cage, mediastinum, diaphragm and what remains between them: the lungs
- ``skeleton.py``   spine, ribs, collar bones, shoulder blades and upper arms
- ``vessels.py``    the branching, tapering vessels of both lungs
- ``effusion.py``   the pleural fluid: level, meniscus, blunted angle, subpulmonic form, volume
- ``heart.py``      cardiothoracic ratio, and a heart made to measure
- ``nodule.py``, ``consolidation.py``, ``pneumothorax.py``  one more finding each, with its mask
- ``lesions.py``    the findings of one image together
- ``tissue.py``     attenuation of soft tissue, fat, fluid and lung
- ``aeration.py``   the lungs filled with air, vessels and findings
- ``anatomy.py``    all of the above added up: the line integral of attenuation
- ``physics.py``    from line integral to displayed grey: attenuation, scatter, blur, noise, enhancement, grey curve
- ``vendor.py``     two vendors whose pictures look different, for lessons on shortcuts
- ``marker.py``     the letter R or L at its correct side, and the collimated border
- ``chest.py``      `render_chest`: one patient, one exposure, one picture with its masks and its facts
- ``outline.py``    plates with a rounded border, from an outline, for what no ellipsoid describes
- ``lumbar.py``, ``pelvis.py``, ``viscera.py``, ``bowel.py``  the abdomen: spine and ribs, hips, organs, gas
- ``abdomen.py``    `render_abdomen`: the same for the abdomen of a patient lying on the back
- ``radiograph.py`` a picture as the bytes of a DICOM file
- ``knobs.py``      what a teacher may turn
- ``collection.py`` what all data sets do alike: counts, even dealing, drawing in threads, the table
- ``dataset.py``    `make_chest_effusion`: a balanced, seeded folder of such files
- ``findings_dataset.py``  `make_chest_findings`: five findings, several of which may meet
- ``abdomen_dataset.py``    `make_chest_abdomen`: chest or abdomen, the easiest task

The head CT is three-dimensional and in Hounsfield units; all slices of a patient are cut from one head:

- ``head_patient.py``    who is imaged: size, age, atrophy, calcification, how the head lies
- ``head_space.py``      places in the standard head, soft edges, rods, random folds, depth below the skull
- ``head_skull.py``      scalp, skull cap, frontal sinus, fractures
- ``head_brain.py``, ``head_ventricles.py``  grey and white matter, folds, cisterns, falx and tentorium; ventricles
- ``head_bleeds.py``     what is decided about each of the five kinds of bleeding
- ``head_blood.py``      what a bleed pushes aside, where its blood lies, how dense it is
- ``head_slice.py``      `render_slice`: one slice with a mask for each kind
- ``ct_physics.py``      beam hardening, blur, noise, round field, head holder
- ``ct_file.py``         a slice as the bytes of a DICOM file
- ``head_knobs.py``, ``head_dataset.py``  what may be turned, and `make_head_ct`: a seeded folder of series

Small files for testing readers, and the list of all sets:

- ``traps.py``           `make_traps`: files that readers get wrong, and a table of what a right one makes of them
- ``traps_file.py``, ``traps_grey.py``, ``traps_colour.py``, ``traps_header.py``, ``traps_encoding.py``,
  ``traps_picture.py``   the traps by what they are about
- ``catalogue.py``       `PHANTOMS` and `make_phantoms`: all sets by name, with their knobs

Research and teaching only.
"""
