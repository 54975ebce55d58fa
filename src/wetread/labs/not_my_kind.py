"""A model of effusions is shown heads, bellies, noise and scenery: what softmax says, and what is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wetread import steps
from wetread.labs.parts import as_cell, say, table
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench
from wetread.metrics.interval import Interval
from wetread.metrics.intervals import wilson
from wetread.outcome import say_percent
from wetread.writing import atomic_write

#: From this probability on a model is called sure.
SURE = 0.9
SOURCES = (
    "Hendrycks D, Gimpel K. A baseline for detecting misclassified and out-of-distribution examples in neural "
    "networks. ICLR 2017, arXiv 1610.02136.",
    "Hein M, Andriushchenko M, Bitterwolf J. Why ReLU networks yield high-confidence predictions far away from the "
    "training data. CVPR 2019, arXiv 1812.05720.",
    "Lakhani P et al. Hello World deep learning in medical imaging. J Digit Imaging 2018;31:283-289. "
    "doi 10.1007/s10278-018-0079-6: what happens with other pictures is not asked there.",
)


def not_my_kind_of_image(bench: Workbench) -> dict[str, Any]:
    """Trains on chest phantoms, then predicts new ones and pictures of five other kinds."""
    count = bench.pick(40, 8)
    bench.stages = 6 + 6
    chests = bench.phantoms("chest-effusion", "chests", bench.pick(200, 44))
    run = bench.run("chest-model", "effusion or not", chests, preset="quick", backbone="none", settings=("cases=0",))
    packs = {
        "new chest films": bench.phantoms("chest-effusion", "new-chests", count, seed=500) / "images",
        "abdomen films": _only_abdomen(bench, 2 * count),
        "head CT": bench.phantoms("head-ct", "heads", count, seed=500) / "images",
        **_drawn(bench, count),
    }
    rows: list[list[Any]] = []
    see = []
    for name, place in packs.items():
        answered = bench.predict(name.replace(" ", "-"), run, place)
        refused = wilson(sum(row["status"] == "out" for row in answered), len(answered))
        sure = _sure(run, place)
        rows.append([name, len(answered), as_cell(sure), as_cell(refused), _calls(answered)])
        if name != "new chest films":
            see.append(f"{name}: softmax is sure of {_share(sure)}, the refusal lets {_share(_rest(refused))} pass")
    own = rows[0][3]
    return {
        "learnt": "Classical features with a logistic regression, learnt from chest films with and without effusion.",
        "parts": [
            table(
                "Six kinds of pictures shown to one model",
                ["pictures", "n", f"p above {SURE:g}", "refused", "what it calls those that pass"],
                rows,
                about="p is what the model would say if it had to answer. Wilson intervals.",
                drawn=(3,),
            )
        ],
        "see": [
            f"{'; '.join(see)}."[0].upper() + f"{'; '.join(see)}."[1:],
            f"Of new films of its own kind it refuses {say(own)}: that is the price, about 3 in 100 by design.",
            "A probability of 0.95 means: of the two classes, this one. That the picture is of neither is a question "
            "it was never asked.",
        ],
        "not": [
            "That a picture that passes is understood: films from another hospital may pass and be read wrongly.",
            "That refusing is knowing. What is like the training pictures in all that was measured passes.",
        ],
        "sources": SOURCES,
    }


def _only_abdomen(bench: Workbench, count: int) -> Path:
    """Films of the abdomen alone: the set holds chests as well, in folders by patient."""
    folder = bench.phantoms("chest-abdomen", "bodies", count, seed=500)
    from wetread.labs.workbench import read_labels

    place = bench.out / "data" / "abdomens"
    for row in read_labels(folder):
        if row["label"] == "abdomen":
            name = row["image"].removeprefix("images/").replace("/", "-")
            if not (place / name).is_file():
                atomic_write(place / name, (folder / row["image"]).read_bytes(), durable=False)
    return place


def _drawn(bench: Workbench, count: int) -> dict[str, Path]:
    """Noise, and scenes drawn by chance, as PNG files."""
    from wetread.training.refusal_packs import generated_packs

    places = {}
    for name, pictures in generated_packs(count, bench.seed).items():
        place = bench.out / "data" / name.replace(" ", "-").replace("photographs", "scenes")
        for number, picture in enumerate(pictures):
            path = place / f"{number:03d}.png"
            if not path.is_file():
                buffer = io.BytesIO()
                Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "png")
                atomic_write(path, buffer.getvalue(), durable=False)
        places[name.replace("photographs", "scenes")] = place
    return places


def _sure(run: RunResult, place: Path) -> Interval | None:
    """Share of pictures of which the model would be sure if nothing were refused."""
    from wetread.dataset.listing import sources_in
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder
    from wetread.model.predict import predict_files

    model = steps.load(run.folder)
    model.refusal = None
    with Decoder(cache=default_cache()) as decoder:
        rows = predict_files(model, sources_in(place), decoder)
    most = [max(float(row[f"p_{name}"]) for name in model.classes) for row in rows if row["predicted"]]
    return wilson(sum(one > SURE for one in most), len(most))


def _rest(refused: Interval | None) -> Interval | None:
    return None if refused is None else wilson(round((1 - refused.value) * refused.n), refused.n)


def _share(one: Interval | None) -> str:
    return "none" if one is None else say_percent(one.value)


def _calls(answered: list[dict[str, str]]) -> str:
    named = [row["predicted"] for row in answered if row["predicted"]]
    return ", ".join(f"{named.count(name)} {name}" for name in sorted(set(named))) or "nothing passes"
