from dataset.rows import row

from wetread.probes.probe import Sight
from wetread.probes.source import describe, source_columns


def rows_with(**columns):
    count = len(next(iter(columns.values())))
    return [row(f"{n}", extra={name: cells[n] for name, cells in columns.items()}) for n in range(count)]


def test_columns_that_name_a_source_count_whatever_their_spelling():
    rows = rows_with(Hospital=["n", "s"], **{"Scanner ID": ["1", "2"], "View Position": ["AP", "PA"]})
    assert set(source_columns(rows)) == {"Hospital", "Scanner ID", "View Position"}


def test_columns_that_may_tell_the_disease_do_not_count():
    assert source_columns(rows_with(side=["L", "R"], stage=["1", "2"], sex=["F", "M"], mask=["", "m.png"])) == {}


def test_one_value_is_no_source_and_a_value_per_image_is_no_source():
    assert source_columns(rows_with(site=["n"] * 40, url=[f"http://x/{n}" for n in range(40)])) == {}


def test_each_value_is_a_column_an_empty_cell_too():
    told = describe(Sight(rows_with(site=["n", "", "n"])))
    assert (told.names, told.values.tolist()) == (("site n", "site empty"), [[1, 0], [0, 1], [1, 0]])
    assert describe(Sight(rows_with(age=["1", "2"]))) is None
