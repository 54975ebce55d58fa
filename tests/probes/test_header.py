from dataset.rows import facts, row

from wetread.probes.header import describe
from wetread.probes.probe import Sight


def seen(*headers):
    return describe(Sight([row(f"{n}", facts=facts(header=header)) for n, header in enumerate(headers)]))


def column(features, name):
    return features.values[:, features.names.index(name)].tolist()


def test_frequent_words_numbers_and_gaps_become_columns():
    told = seen(*[{"Manufacturer": "A", "KVP": 120.0}] * 3, *[{"Manufacturer": "B", "KVP": 80.0}] * 3, {"KVP": 100.0})
    assert column(told, "Manufacturer A") == [1, 1, 1, 0, 0, 0, 0]
    assert column(told, "Manufacturer is given") == [1, 1, 1, 1, 1, 1, 0]
    assert column(told, "KVP") == [120, 120, 120, 80, 80, 80, 100]


def test_a_missing_number_becomes_the_median_and_its_absence_a_column():
    told = seen({"Exposure": 2}, {"Exposure": 4}, {}, {"Exposure": 9})
    assert column(told, "Exposure") == [2, 4, 4, 9]
    assert column(told, "Exposure is given") == [1, 1, 0, 1]


def test_of_a_spacing_the_first_number_counts():
    assert column(seen({"PixelSpacing": [0.2, 0.3]}, {"PixelSpacing": [0.1, 0.3]}), "PixelSpacing") == [0.2, 0.1]


def test_a_rare_word_and_what_the_file_properties_say_already_are_left_out():
    told = seen({"ConvolutionKernel": "H30", "Rows": 1}, {"ConvolutionKernel": "H60", "Rows": 2}, {})
    assert set(told.names) == {"ConvolutionKernel is given"}


def test_without_headers_or_without_differences_it_does_not_apply():
    assert seen({}, {}) is None
    assert seen({"KVP": 120}, {"KVP": 120}) is None
