"""Labs: a question asked by several runs. In: the name of a lab. Out: the runs and one page that compares them.

Every run is one that a student can repeat by hand: labs call the verbs of `wetread.steps` and write down what they
called.

- ``catalogue.py``      `LABS`: what there is, with minutes and question
- ``run_lab.py``        `run_lab`: does one below a folder, writes lab.json and lab.html
- ``workbench.py``      what a lab works with: data, tables, runs, each done once and taken up again
- ``run_result.py``     what is read from one run: its matrix, its rates, its area, each with an interval
- ``parts.py``          the parts of a page: tables, matrices, charts
- ``published.py``      the five experiments of the RSNA lesson as published, and whether an ordering is the same
- ``head_slices.py``    which slices of the head those use, and with what they are learnt
- ``hemorrhage.py``     those five on phantoms, and on the original slices where they are given
- ``repeat.py``, ``shortcut.py``, ``leak.py``, ``label_noise.py``, ``imbalance.py``, ``not_my_kind.py``,
  ``learning_rate.py``, ``how_many_cases.py``  one question each

Research and teaching only.
"""
