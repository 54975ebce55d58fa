"""Files with random damage: no crash of this process, and every file is accounted for.

``bench/mutants.py`` does the same with thousands; what it found is kept in ``test_crashers.py``.
"""

import numpy as np
from fake.mutants import damage, samples

from wetread.errors import REJECTIONS, ImageRejected
from wetread.images.decoder import Decoder
from wetread.images.facts import Survey

COUNT = 500


def test_mutants(tmp_path):
    sound = list(samples(tmp_path))
    paths = []
    for number in range(COUNT):
        name, data = sound[number % len(sound)]
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(data if number < len(sound) else damage(data, np.random.default_rng(number)))
        paths.append(path)
    with Decoder(2) as decoder:
        results = dict(decoder.decode_many(paths, max_side=16))
        surveys = dict(decoder.survey(paths))
    assert sorted(results) == sorted(surveys) == list(range(COUNT))
    refused = {number: result.code for number, result in results.items() if isinstance(result, ImageRejected)}
    assert set(refused.values()) <= set(REJECTIONS) - {"decoder-crash", "decoder-timeout", "out-of-memory"}
    assert not [paths[number].name for number in refused if number < len(sound)]
    assert COUNT // 4 < len(refused) < COUNT * 3 // 4
    # What can be decoded has a header that can be read, but for a few whose size only the compressed frame knows.
    silent = [n for n in range(COUNT) if n not in refused and not isinstance(surveys[n], Survey)]
    assert len(silent) < COUNT // 100 and all("dicom" in paths[n].name for n in silent)
