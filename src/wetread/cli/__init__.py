"""In: a command line. Out: the same as the Python functions, shown in a terminal.

- ``app.py``: one command per verb: parse, call `wetread.steps`, show.
- ``console.py``: progress events -> bars; results -> tables.
"""
