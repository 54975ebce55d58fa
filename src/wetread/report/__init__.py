"""In: a run folder. Out: something to hand over.

- ``html.py``: the one self-contained page.
- ``charts.py``: numbers -> SVG that follows the theme of the page.
- ``thumbnails.py``: small pictures of a run, for the page.
- ``look.py``: the page of `wetread show`.
- ``templates/``: the HTML and the style sheet.
"""
