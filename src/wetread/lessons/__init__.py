"""Eleven lessons. In: a number. Out: a notebook of your own to read, run and change.

- ``catalogue.py``: `list_lessons`: what there is, read from the headers of the texts; their cells.
- ``hand_out.py``: `hand_out`: a copy of one lesson in a folder, as a notebook where jupytext is installed.
- ``film.mplstyle``: how figures look: ``plt.style.use("wetread.lessons.film")``.
- ``texts/``: the lessons themselves, one ``lesson_NN_name.py`` each: plain Python in the py:percent form, without
  outputs. They are read and run, never imported.
"""
