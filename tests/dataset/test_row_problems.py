"""Problems of rows are told together: the first ten, then how many more."""

from wetread.dataset.row_problems import Problem, explain, problems_csv, shorten


def test_none_is_no_message():
    assert explain([]) == ""


def test_few_are_all_told_in_the_order_of_their_lines():
    assert explain([Problem(7, "b"), Problem(3, "a")]) == "line 3: a; line 7: b."


def test_of_many_the_first_ten_are_told_and_the_rest_is_counted():
    text = explain([Problem(line, "x") for line in range(1, 26)])
    assert "line 10: x" in text
    assert "line 11" not in text
    assert text.endswith("and 15 more.")
    assert "more" not in explain([Problem(line, "x") for line in range(1, 11)])


def test_the_file_is_sorted_quoted_and_runs_no_formula():
    text = problems_csv([Problem(3, '=cmd|"x", y'), Problem(2, "a")])
    assert text == 'line,problem\n2,a\n3,"\'=cmd|""x"", y"\n'


def test_values_are_shown_on_one_line_and_cut():
    assert shorten("a\n b") == '"a b"'
    assert shorten("x" * 50) == '"' + "x" * 40 + '…"'
