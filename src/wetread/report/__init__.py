"""In: a run folder. Out: something to hand over.

- ``html.py``: the one self-contained page.
- ``charts.py``: numbers -> SVG that follows the theme of the page.
- ``finding_rows.py``: what the page says of each finding, where an image can have several.
- ``given_away_part.py``: whether things that are no disease tell the label, as far as it was tried.
- ``not_shown.py``: what the numbers do not show.
- ``thumbnails.py``: small pictures of a run, for the page.
- ``look.py``, ``look_facts.py``, ``look_sheet.py``: the page and the picture of `wetread show`.
- ``lab_page.py``: the page of a lab.
- ``page.py``: what every page shares.
- ``templates/``: the HTML and the style sheet.
"""
