"""How fast this machine trains a network: a few steps, timed. The rules plan a time limit with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch
from torch.nn import functional

from wetread.model.exactness import compute_exactly
from wetread.model.memory import hand_back, is_out_of_memory
from wetread.model.networks import NetworkSpec, build_network, share_processor
from wetread.training.fingerprint import KnownWeights
from wetread.training.optimise import Phase, make_optimiser
from wetread.training.processor import precision_for
from wetread.training.ranges import Augment
from wetread.training.settings import LoopSettings

#: Pictures of a step: as many as the rules plan; before them a few, which tell whether that many can be waited for.
BATCH, FEW = 16, 2
SIZES = (FEW, FEW, BATCH, BATCH, BATCH)

#: No further step is begun that would end after so many seconds, nor after this part of a time limit; but some seconds
#: are always well spent, since a rate that is too low keeps a network from being trained at all.
LONGEST, SHARE, SHORTEST = 20.0, 0.05, 3.0


def images_per_second(
    known: KnownWeights, device: str, time_limit: float | None = None, on_busy: Callable[[], None] = lambda: None
) -> float | None:
    """Training speed of the network of some weights, forward, backward and optimiser, without reading pictures.

    Args:
        known: Names the network and its input; the weights themselves are not read.
        device: cpu or cuda:N.
        time_limit: Seconds that training may take, if somebody said so: timing it takes a small part of them.
        on_busy: Called where one core alone is faster than all of them: something else is at work on them.

    Returns:
        Images per second in the fastest of a few steps: the first also pays for choosing kernels. None where memory is
        too short for any of them.
    """
    threads = torch.get_num_threads()
    try:
        share_processor(known.network)
        step = _step(known, device)
        if torch.device(device).type != "cpu":
            _timed(step, FEW)  # loads the libraries of a GPU, seconds that no later step pays
        allowed = max(SHORTEST, min(LONGEST, SHARE * (time_limit or math.inf)))
        best, few = _fastest(step, allowed)
        if best is None or few is None or few > allowed:
            return best
        if torch.device(device).type != "cpu" or torch.get_num_threads() == 1:
            return best
        return _on_busy_cores(step, best, few, on_busy)
    finally:
        torch.set_num_threads(threads)


def _on_busy_cores(step: Callable[[int], None], best: float, few: float, on_busy: Callable[[], None]) -> float:
    """The rate where a few pictures took so long that more of them could not be waited for.

    Threads wait for one another many times in a step. Where another program holds a core, a step takes seconds whatever
    its size, which one core alone does not suffer from; so its pace tells what more pictures would have added.

    Args:
        step: Is given a number of pictures.
        best: Pictures per second with all cores.
        few: Seconds of `FEW` pictures with all cores.
        on_busy: Called where one core is faster.
    """
    torch.set_num_threads(1)
    alone = _timed(step, FEW)
    if alone is None or alone >= few:
        return best
    on_busy()
    return max(best, BATCH / (few + alone * (BATCH - FEW) / FEW))


def _fastest(step: Callable[[int], None], allowed: float) -> tuple[float | None, float | None]:
    """Pictures per second of the fastest step.

    Args:
        step: Is given a number of pictures.
        allowed: Seconds for all steps; the first takes what it takes.

    Returns:
        The rate, None where memory was short even for a few; and the seconds of `FEW`, None where more went through.
    """
    best, few, most, begun = None, None, BATCH, time.perf_counter()
    for size in SIZES:
        pictures = min(size, most)
        if best is not None and time.perf_counter() - begun + pictures / best > allowed:
            break
        seconds = _timed(step, pictures)
        if seconds is not None:
            best = max(best or 0.0, pictures / seconds)
            few = None if pictures > FEW else seconds
        elif pictures <= FEW:
            break
        else:
            most = pictures // 2
    return best, few


def _timed(step: Callable[[int], None], pictures: int) -> float | None:
    """Seconds of one step; None where memory is too short for it."""
    started = time.perf_counter()
    try:
        step(pictures)
        return time.perf_counter() - started
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    hand_back()
    return None


def _step(known: KnownWeights, device: str) -> Callable[[int], None]:
    """A step of training as `loop.train` makes it, on so many blank pictures; the weights stay as they are."""
    compute_exactly(device)
    spec = NetworkSpec(known.network, 2, known.channels, known.side, dict(known.options))
    network = build_network(spec).to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    precision = precision_for(device)
    settings = LoopSettings(1, BATCH, 1e-3, 0.0, precision, device, Augment())
    optimiser = make_optimiser(network, Phase(0, 1, False, 0.0), settings)

    def step(pictures: int) -> None:
        batch = torch.zeros(pictures, known.channels, known.side, known.side, device=device)
        truth = torch.arange(pictures, device=device) % 2
        network.zero_grad(set_to_none=True)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bfloat16"):
            logits = network(batch.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(logits.float(), truth)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step(1.0)
        float(loss.detach())  # waits for the device

    return step
