"""In: the name of a public data set. Out: its files on this computer, checked, ready for `wetread run`.

Nothing here is shipped with wetread: every file comes from its publisher, once, after the user has seen its licence and
size. Reading down is the order of the work:

- ``public_set.py``  what is known of a set: what is in it, its licence, what is wrong with it, where its files are
- ``teaching.py``    the sets of published lessons, MedNIST, and Fashion-MNIST as a control without medicine
- ``medmnist.py``    the twelve two-dimensional sets of MedMNIST at 28 and at 224 pixels
- ``nih.py``         ChestX-ray14, and its labels as one table
- ``catalogue.py``   all of them by name
- ``get.py``         one set: ask, fetch, check, unpack

How a file comes is the business of the room ``download``.
"""
