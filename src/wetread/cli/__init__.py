"""In: a command line. Out: the same as the Python functions, shown in a terminal.

- ``app.py``: one command per verb: parse, call `wetread.steps`, show.
- ``data_app.py``, ``data_view.py``: `wetread data`: public sets and phantoms.
- ``options.py``: the options that several verbs share. ``output.py``: what they print.
- ``console.py``: progress events -> bars; results -> tables.
"""
