"""Files -> pixels. In: the path of a PNG, JPEG, TIFF, BMP or DICOM file. Out: a picture as displayed, and its facts.

Everybody outside this room uses ``decoder.py`` and ``facts.py``; both are light. The rest runs in child processes,
because a damaged file can crash a decoder or make it run for ever.

- ``facts.py``: DecodedImage and ImageFacts, what one file turned into.
- ``decoder.py``: Decoder, which hands files to child processes and survives their death.
- ``child.py``: one child process as its parent sees it: start, ask, wait, kill.
- ``wire.py``: the framed messages between the two.
- ``worker.py``: the child process itself.
- ``read.py``: decode_image, which chooses the reader by the content of the file.
- ``gate.py``: what is refused before anything is decoded.
- ``pictures.py``: the rules for PNG, JPEG, TIFF and BMP.
- ``dicom.py``: the rules for DICOM, in the order of the standard.
- ``grey.py``: the grey pipeline of DICOM: modality, values of interest, presentation.
- ``dicom_file.py``: bytes -> DICOM data set, also without header and deflated.
- ``dicom_facts.py``: what may be said about a DICOM file, and the key of its patient.
- ``codecs.py``: imagecodecs as a decoder for JPEG and JPEG-LS inside DICOM.
- ``codestream.py``: what a compressed frame says about its own size.
- ``intensity.py``: grey values -> 0..255: windows, lookup tables, percentiles.
- ``shrink.py``: a smaller picture by area averaging.
"""
