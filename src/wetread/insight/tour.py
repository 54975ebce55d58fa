"""All of it, one after the other: what is quick first, so that little time, or Ctrl-C, still leaves most of a page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from wetread.explanation.heatmap import colour_bar
from wetread.insight.budget import Budget
from wetread.insight.draw import draw_filter, draw_signed, draw_waves, is_coloured, make_small
from wetread.insight.found import Shown, Tour, Wishes
from wetread.model.classifier import Classifier
from wetread.outcome import counted
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted
from wetread.shapes import Floats

if TYPE_CHECKING:
    from wetread.explanation.subject import Branch, Subject
    from wetread.insight.activations import LayerMaps
    from wetread.insight.favourites import Favourite
    from wetread.insight.layers import Layer

#: Real pictures whose maps are shown, and those that tell how strongly channels usually answer.
SHOWN, COMPARED = 3, 48
#: Channels of a layer whose maps are shown.
MAPS = 8
#: Most classes that are maximised: of twenty findings the first ones.
MOST_CLASSES = 15


def look_through(
    classifier: Classifier, pictures: Sequence[Shown], every: Sequence[Shown], wishes: Wishes, listen: Listener
) -> Tour:
    """Looks at filters, templates, maps, all pictures as points, and what excites classes and channels.

    Args:
        classifier: Any.
        pictures: Whose maps are shown; may be none.
        every: All pictures of the set, for the map of points; may be none.
        wishes: What was asked for.
        listen: Is told about progress.

    Returns:
        The tour; after Ctrl-C what was finished by then.

    Raises:
        InputError: The network has no such layer.
    """
    tour = Tour({"left_out": [], "templates": [], "networks": [], "classes": [], "map": None})
    tour.keep("scale.png", colour_bar())
    walk = _Walk(classifier, pictures, every, wishes, listen, tour)
    try:
        walk.go()
    except KeyboardInterrupt:
        tour.stopped = True
        tour.leave_out("Stopped by hand: what was not finished by then is missing.")
    return tour


class _Walk:
    """One tour on its way."""

    def __init__(
        self,
        classifier: Classifier,
        pictures: Sequence[Shown],
        every: Sequence[Shown],
        wishes: Wishes,
        listen: Listener,
        tour: Tour,
    ) -> None:
        self.classifier, self.pictures, self.every = classifier, list(pictures[:SHOWN]), every
        self.wishes, self.listen, self.tour = wishes, listen, tour
        spread = np.linspace(0, len(every) - 1, min(COMPARED, len(every))).astype(int)
        self.compared = [every[number] for number in spread] if every else list(pictures[:COMPARED])
        self.colours = 1

    def go(self) -> None:
        """All stations."""
        self._templates()
        subject = self._take_apart()
        if subject is None:
            self._map(self.wishes.seconds)
            return
        known = [one.picture for one in self.compared]
        three = any(branch.preprocess.channels == 3 for branch in subject.branches)
        self.colours = 3 if three and (not known or any(map(is_coloured, known))) else 1
        self.tour.content["colours"] = self.colours
        with _one_thread():
            chosen = [(branch, self._layers(branch)) for branch in self._different(subject)]
            means = self._maps(chosen)
        self._map(self.wishes.seconds / 4)
        with _one_thread():
            self._maximise(subject, chosen, means)

    def _templates(self) -> None:
        from wetread.insight.templates import class_templates, draw_edges

        templates = class_templates(self.classifier)
        scales = [
            max([float(np.abs(getattr(one, name)).max()) for one in templates], default=0.0) or 1.0
            for name in ("brightness", "edges", "textures")
        ]
        names = [one.target for one in templates]
        if templates and self.classifier.task == "binary":
            # The other one is the same with opposite signs.
            templates = [templates[names.index(self.classifier.positive or names[-1])]]
        for number, one in enumerate(templates):
            textures = one.textures.reshape(-1, 10)
            self.tour.content["templates"].append(
                {
                    "class": one.target,
                    "brightness": self.tour.keep(
                        f"templates/{number}-brightness.png", draw_signed(one.brightness, scales[0])
                    ),
                    "edges": self.tour.keep(f"templates/{number}-edges.png", draw_edges(one.edges, scales[1])),
                    "textures": self.tour.keep(f"templates/{number}-textures.png", draw_signed(textures, scales[2])),
                    "levels": np.round(one.levels, 6).tolist(),
                    "shares": {name: round(share, 4) for name, share in one.shares.items()},
                }
            )

    def _take_apart(self) -> Subject | None:
        # Imported here: a model of classical features needs no torch.
        from wetread.explanation.subject import can_differentiate, make_subject

        if can_differentiate(self.classifier):
            return make_subject(self.classifier)
        self.tour.leave_out(
            "This model has no network, so there are no gradients, channels or maps. Its weights are shown instead, "
            "each at its place: they are all that it knows."
        )
        return None

    def _different(self, subject: Subject) -> list[Branch]:
        """One branch for each network: those of an ensemble differ in their weights only."""
        found = {branch.name: branch for branch in reversed(subject.branches)}
        if len(found) < len(subject.branches):
            self.tour.leave_out(
                f"The model holds {len(subject.branches)} networks. Channels and maps are those of the first of each "
                "kind; all of them count in the pictures of the classes."
            )
        return [branch for branch in subject.branches if found.get(branch.name) is branch]

    def _layers(self, branch: Branch) -> list[Layer]:
        from wetread.insight.filters import first_filters
        from wetread.insight.layers import choose_layers, find_layers

        every = find_layers(branch.body, branch.preprocess.channels, branch.preprocess.side)
        layers = choose_layers(every, self.wishes.layers)
        if len(layers) < len(every):
            shown = {layer.name for layer in layers}
            missing = ", ".join(layer.name for layer in every if layer.name not in shown)
            self.tour.leave_out(f"Layers of {branch.name} that are not shown (--layers all shows them): {missing}.")
        number = len(self.tour.content["networks"])
        described: dict[str, Any] = {
            "name": branch.name,
            "side": branch.preprocess.side,
            "channels": branch.preprocess.channels,
            "layers": [
                {"name": one.name, "channels": one.channels, "rows": one.rows, "columns": one.columns, "favourites": []}
                for one in layers
            ],
            "filters": None,
            "pictures": [],
        }
        self.tour.content["networks"].append(described)
        found = first_filters(branch.body, branch.preprocess.channels, branch.preprocess.side)
        if found is not None:
            described["filters"] = {
                "total": found.total,
                "side": int(found.weights.shape[2]),
                "scale": found.scale,
                "signed": found.weights.shape[1] == 1,
                "shown": [
                    {
                        "number": int(one),
                        "file": self.tour.keep(f"filters/{number}-{one}.png", draw_filter(weights, found.scale)),
                        "response": self.tour.keep(f"filters/{number}-{one}-waves.png", draw_waves(response)),
                    }
                    for one, weights, response in zip(found.numbers, found.weights, found.responses, strict=True)
                ],
            }
        return layers

    def _maps(self, chosen: list[tuple[Branch, list[Layer]]]) -> list[list[Floats]]:
        """Maps of the real pictures; and how strongly each channel answers to each, per branch and layer."""
        from wetread.insight.activations import average_activations, strongest_maps

        if not self.compared:
            self.tour.leave_out("No real picture was at hand, so there are no maps; --images gives some.")
            return [[] for _ in chosen]
        self.listen(StepStarted("maps", "Real pictures, layer by layer", len(chosen)))
        started, means = time.perf_counter(), []
        for number, (branch, layers) in enumerate(chosen):
            means.append(average_activations(branch, layers, [one.picture for one in self.compared]))
            maps = strongest_maps(branch, layers, [one.picture for one in self.pictures], MAPS) if self.pictures else []
            network = self.tour.content["networks"][number]
            for row, (shown, found) in enumerate(zip(self.pictures, maps, strict=True)):
                network["pictures"].append(self._describe_maps(shown, found, f"maps/{number}-{row}"))
            self.listen(StepAdvanced("maps", number + 1, len(chosen), branch.name))
        self.listen(StepFinished("maps", time.perf_counter() - started, counted(len(self.pictures), "picture")))
        return means

    def _describe_maps(self, shown: Shown, found: Sequence[LayerMaps], place: str) -> dict[str, Any]:
        layers = []
        for number, one in enumerate(found):
            files = [
                self.tour.keep(f"{place}-{number}-{channel}.png", draw_signed(values, one.scale))
                for channel, values in zip(one.numbers, one.values, strict=True)
            ]
            channels = [{"number": int(c), "file": name} for c, name in zip(one.numbers, files, strict=True)]
            layers.append({"name": one.layer, "scale": one.scale, "channels": channels})
        file = self.tour.keep(f"{place}.png", make_small(shown.picture, 224))
        return {"image": shown.name, "label": shown.label, "predicted": shown.predicted, "file": file, "layers": layers}

    def _map(self, seconds: float) -> None:
        from wetread.insight.embedding_map import MOST, map_pictures

        if len(self.every) < 3:
            self.tour.leave_out(
                "There is no map of the data set: it needs a run folder whose pictures are still cached."
            )
            return
        self.listen(StepStarted("map", "All pictures as points"))
        started = time.perf_counter()
        # t-SNE takes about 5 ms a picture on a slow core.
        quick = 0.008 * len(self.every) < seconds
        found = map_pictures(
            self.classifier, [one.picture for one in self.every], neighbours=quick, seed=self.wishes.seed
        )
        if found.neighbours is None and len(self.every) > 40:
            why = (
                "the time limit is too short for it"
                if len(self.every) <= MOST
                else f"there are more than {MOST} pictures"
            )
            self.tour.leave_out(f"The map of neighbours (t-SNE) was left out: {why}.")
        self.tour.content["map"] = {
            "sees": found.sees,
            "shares": [round(share, 4) for share in found.shares],
            "points": [
                {
                    "image": one.name,
                    "label": one.label,
                    "predicted": one.predicted,
                    "columns": one.columns,
                    "pca": np.round(found.components[row], 4).tolist(),
                    "tsne": None if found.neighbours is None else np.round(found.neighbours[row], 3).tolist(),
                }
                for row, one in enumerate(self.every)
            ],
        }
        self.listen(StepFinished("map", time.perf_counter() - started, counted(len(self.every), "picture")))

    def _maximise(self, subject: Subject, chosen: list[tuple[Branch, list[Layer]]], means: list[list[Floats]]) -> None:
        total = 1 + sum(len(layers) for _, layers in chosen)
        budget = Budget(self.wishes.seconds, total)
        self.listen(StepStarted("favourites", "What classes and channels want", total))
        started, done = time.perf_counter(), 0
        self._classes(subject, budget.next_deadline())
        for number, (branch, layers) in enumerate(chosen):
            for place, layer in enumerate(layers):
                done += 1
                self.listen(StepAdvanced("favourites", done, total, layer.name))
                known = means[number][place] if means[number] else None
                self._layer(number, branch, layer, place, known, budget)
        self.listen(StepAdvanced("favourites", total, total))
        self.listen(
            StepFinished(
                "favourites", time.perf_counter() - started, f"{counted(len(self.tour.files), 'picture')} drawn"
            )
        )

    def _classes(self, subject: Subject, deadline: float) -> None:
        from wetread.insight.favourites import favourites_of_classes

        names = self.classifier.classes
        asked = range(min(len(names), MOST_CLASSES))
        found = favourites_of_classes(
            subject, asked, self.colours, seed=self.wishes.seed, steps=self.wishes.steps, deadline=deadline
        )
        pictures = [one.picture for one in self.compared]
        for target in asked:
            mine = [one for one in found if one.number == target]
            real = self.classifier.margin(pictures, target) if pictures and mine else np.zeros(0)
            drawn = [self._describe(one, f"classes/{target}-{version}", real) for version, one in enumerate(mine)]
            if drawn:
                self.tour.content["classes"].append({"class": names[target], "pictures": drawn})
        left = [name for name in names if name not in {one["class"] for one in self.tour.content["classes"]}]
        if left:
            self.tour.leave_out(f"Classes that were not drawn: {', '.join(left)}.")
        if any(one.cut for one in found):
            self.tour.leave_out("The time limit cut the pictures of the classes short; more time makes them clearer.")

    def _layer(
        self, number: int, branch: Branch, layer: Layer, place: int, known: Floats | None, budget: Budget
    ) -> None:
        from wetread.insight.favourites import choose_channels, favourites_of_channels, see_noise

        deadline = budget.next_deadline()
        if budget.is_over:
            self.tour.leave_out(f"The time was over before channels of {layer.name} were drawn.")
            return
        noise = see_noise(branch, layer, self.colours, self.wishes.seed)
        # Four pictures tell too little of how a channel varies.
        channels = choose_channels(known if known is not None and len(known) > 4 else noise.means, self.wishes.channels)
        found = favourites_of_channels(
            branch, layer, channels, noise, seed=self.wishes.seed, steps=self.wishes.steps, deadline=deadline
        )
        for one in found:
            real = known[:, one.number] if known is not None else np.zeros(0)
            described = self._describe(one, f"channels/{number}-{place}-{one.number}", real)
            self.tour.content["networks"][number]["layers"][place]["favourites"].append(described)
        if len(found) < len(channels):
            self.tour.leave_out(f"{layer.name}: {len(found)} of {len(channels)} channels, since the time was over.")
        elif any(one.cut for one in found):
            self.tour.leave_out("The time limit cut pictures short where their number of steps says so.")

    def _describe(self, one: Favourite, place: str, real: Floats) -> dict[str, Any]:
        """A favourite for look.json, beside the real picture that comes nearest to it."""
        best = int(real.argmax()) if len(real) else None
        return {
            "number": one.number,
            "file": self.tour.keep(f"{place}.png", one.picture),
            "value": round(one.value, 4),
            "noise": round(one.noise, 4),
            "real": None if best is None else round(float(real[best]), 4),
            "real_file": None if best is None else self._real(best),
            "real_image": "" if best is None else self.compared[best].name,
            "steps": one.steps,
            "cut": one.cut,
            "silent": one.is_silent,
            "side": int(one.picture.shape[0]),
        }

    def _real(self, number: int) -> str:
        name = f"real/{number}.png"
        return name if name in self.tour.files else self.tour.keep(name, make_small(self.compared[number].picture))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch on one core for the time of a block.

    A few small pictures are too little work to divide: on two busy cores a step took ten to twenty times as long with
    two threads as with one. And sums in one order give the same pictures again.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
