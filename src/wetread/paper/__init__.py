"""In: the files of a run folder. Out: a folder ``paper`` with what a manuscript needs, nothing of it invented.

- ``facts``: what a run folder knows; ``partitions``: its images by part and class.
- ``wording``: how counts, shares and intervals are said; ``references``: what is cited, numbered in order.
- ``methods_data``, ``methods_model``, ``methods_statistics``: passages of the methods; ``results``: of the results.
- ``table1``: who and what was in each part, ``small_counts`` masked; ``results_table``: every number with its interval.
- ``flow``: what became of each file, as boxes; ``flow_figure``: the boxes as SVG and as a picture.
- ``checklist``: CLAIM 2024, TRIPOD+AI and STARD-AI (``checklists/*.yaml``), filled from the passages.
- ``document``: headings, paragraphs, tables, figures; ``markdown``, ``page``, ``word_file`` (``word_table``) write it.
- ``passage``, ``manuscript``: named sentences, and how they become one document.
- ``kit``: all of it, into RUN/paper.
"""
