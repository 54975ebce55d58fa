import pytest

from wetread.report.compare_page import say_chance


@pytest.mark.parametrize(("share", "said"), [(0, "< 1 %"), (0.043, "4.3 %"), (0.43, "43 %"), (1, "> 99 %")])
def test_no_chance_is_nothing_or_all(share, said):
    assert say_chance(share) == said
