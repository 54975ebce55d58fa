"""The patient bootstrap of the AUROC against a loop over scikit-learn, in one run: seconds, memory, and the intervals.

    python bench/bootstrap_speed.py [--images 100000] [--findings 14] [--resamples 2000] [--loop 3]

Simulated scores of 14 findings, 0.2 to 40 % of the images each, rounded to float32 as a network gives them. The peer
is what people write: draw rows (or patients), index, ``roc_auc_score``, once per resample and finding. It is timed on
``--loop`` resamples of every finding and scaled to all of them, since the whole would take a quarter of an hour. Ours
is timed whole, all findings in one call: the bounds of each finding and of their mean; then those of all pairs pooled.
Seconds are given by the clock and of the processor (all threads), which a busy machine does not change much.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from sklearn.metrics import roc_auc_score

from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.interval import Interval
from wetread.shapes import Bools, Floats, Ints


def simulate(images: int, findings: int, most: int) -> tuple[Bools, Floats, Ints]:
    """Truth and score, both ``image finding``, and the patient of each image: 1 to ``most`` images each."""
    random = np.random.default_rng(0)
    patients = np.repeat(np.arange(images), random.integers(1, most + 1, size=images))[:images]
    common = np.geomspace(0.002, 0.4, findings)
    person = random.normal(size=(images, findings))[patients]
    truth = random.random((images, findings))[patients] < common
    score = 0.7**0.5 * person + 0.3**0.5 * random.normal(size=person.shape) + np.linspace(0.8, 2.2, findings) * truth
    return truth, score.astype(np.float32), patients


def now() -> Floats:
    """Seconds by the clock, and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


def loop_seconds(truth: Bools, score: Floats, patients: Ints, loops: int) -> Floats:
    """Seconds of one resample and one finding with scikit-learn."""
    random = np.random.default_rng(1)
    order = np.argsort(patients, kind="stable")
    first = np.searchsorted(patients[order], np.arange(patients.max() + 2))
    started = now()
    for _ in range(loops):
        drawn = random.integers(0, patients.max() + 1, size=patients.max() + 1)
        length = first[drawn + 1] - first[drawn]
        starts = np.repeat(first[drawn] - np.append(0, np.cumsum(length)[:-1]), length)
        rows = order[starts + np.arange(length.sum())]
        for finding in range(truth.shape[1]):
            roc_auc_score(truth[rows, finding], score[rows, finding])
    return np.asarray((now() - started) / loops / truth.shape[1])


def ours(truth: Bools, score: Floats, patients: Ints, resamples: int) -> tuple[dict[str, Interval | None], Floats]:
    """All intervals and the seconds they took, preparation included."""
    started = now()
    areas = {str(n): counted.auroc(truth[:, n], score[:, n]) for n in range(truth.shape[1])}
    statistics = areas | {"mean": counted.mean_of(list(areas.values()))}
    found = patient_bootstrap_many(statistics, patients, resamples=resamples)
    return found, np.asarray(now() - started)


def exact(truth: Bools, score: Floats, patients: Ints, resamples: int, number: int) -> tuple[Interval | None, float]:
    """The interval of one finding from ranking every resample anew, on the same draws, and its seconds."""
    started = time.perf_counter()
    statistic = counted.auroc_by_ranks(truth[:, number], score[:, number])
    found = patient_bootstrap_many({"it": statistic}, patients, resamples=resamples)["it"]
    return found, time.perf_counter() - started


def percentiles(truth: Bools, score: Floats, patients: Ints, resamples: int, number: int) -> Interval | None:
    """Percentiles of our resamples: beyond 5,000 patients the exact way has no BCa to compare with."""
    statistic = counted.auroc(truth[:, number], score[:, number])
    return patient_bootstrap_many({"it": lambda counts: statistic(counts)}, patients, resamples=resamples)["it"]


def main() -> None:
    """Prints a table for one image per patient, and one for one to four."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, default=100_000)
    options.add_argument("--findings", type=int, default=14)
    options.add_argument("--resamples", type=int, default=2000)
    options.add_argument("--loop", type=int, default=3)
    given = options.parse_args()
    print(f"{given.images} images x {given.findings} findings, {given.resamples} resamples")
    for most, name in ((1, "one image per patient"), (4, "1 to 4 images per patient")):
        data = simulate(given.images, given.findings, most)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found, seconds = ours(*data, given.resamples)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        each = loop_seconds(*data, given.loop)
        whole = each * given.resamples * given.findings
        ratio, cpu_ratio = whole / seconds
        print(f"\n{name}")
        print(f"  scikit-learn loop  {whole[0]:8.1f} s, processor {whole[1]:8.1f} s (scaled)")
        print(f"  wetread            {seconds[0]:8.2f} s, processor {seconds[1]:8.2f} s: ", end="")
        print(f"{ratio:.0f} times by the clock, {cpu_ratio:.0f} by the processor; {before:.0f} -> {peak:.0f} MiB")
        started = time.perf_counter()
        pooled = patient_bootstrap_many({"it": counted.micro_auroc(*data[:2])}, data[2], resamples=given.resamples)
        print(f"  all pairs pooled   {time.perf_counter() - started:8.2f} s   {say(pooled['it'])}")
        for number in (0, given.findings // 2, given.findings - 1):
            slow, exact_seconds = exact(*data, given.resamples, number)
            one, same = found[str(number)], percentiles(*data, given.resamples, number)
            assert slow and same
            apart = max(abs(slow.low - same.low), abs(slow.high - same.high))
            print(f"  {100 * data[0][:, number].mean():4.1f} % positive  {say(one)}; percentiles {say(same)}, ", end="")
            print(f"ranked anew {say(slow)} in {exact_seconds:.0f} s: {apart:.5f} apart")


def say(interval: Interval | None) -> str:
    """Bounds in words."""
    return "not defined" if interval is None else f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"


if __name__ == "__main__":
    main()
