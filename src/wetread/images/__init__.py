"""Files -> pixels. In: where a PNG, JPEG, TIFF, BMP or DICOM file lies. Out: a picture as displayed, and its facts.

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
- ``containers.py``, ``packed.py``: archives and array files that are kept open between requests.
- ``arrays.py``, ``array_format.py``: pictures in MedMNIST-like .npz and IDX files, read one after the other.
- ``cache.py``: pictures that were decoded before, found by content.
- ``source.py``: where a picture lies. ``view.py``: how stored values become what is shown.
- ``dicom.py``: the rules for DICOM, in the order of the standard.
- ``layout.py``: the Image Pixel module, checked and completed; what the bits of one stored value mean.
- ``values.py``: values before any window, for a viewer. ``dicom_values.py``: the same of DICOM.
- ``frame.py``: one frame -> its stored values, whatever way they are written down.
- ``fragments.py``: encapsulated pixel data -> the bytes of one compressed frame.
- ``elements.py``: elements of a header as numbers and tables, read with tolerance.
- ``grey.py``: the grey pipeline of DICOM: modality, values of interest, presentation.
- ``colour.py``: RGB and YBR of any depth -> RGB of 8 bits. ``palette.py``: palettes, segmented ones too.
- ``aspect.py``: pixels that are not square -> a picture with square ones.
- ``dicom_file.py``: bytes -> DICOM data set, also without header and deflated.
- ``dicom_facts.py``: what may be said about a DICOM file, and the key of its patient.
- ``known_words.py``: code words and makers, so that a name typed where a code belongs is seen.
- ``codecs.py``: compressed frames -> stored values, all by imagecodecs.
- ``codestream.py``: what a compressed frame says about its own size.
- ``intensity.py``: grey values -> 0..255: windows, lookup tables, percentiles.
- ``shrink.py``: a smaller picture by area averaging.
"""
