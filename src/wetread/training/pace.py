"""How fast this machine trains a network: one step, timed. The rules plan a time limit with it."""

from __future__ import annotations

import time

import torch
from torch.nn import functional

from wetread.model.networks import NetworkSpec, build_network
from wetread.training.fingerprint import KnownWeights
from wetread.training.processor import precision_for

#: Pictures of the step, as many as the rules plan, and steps after the first, which also pays for choosing kernels.
BATCH, STEPS = 16, 2


def images_per_second(known: KnownWeights, device: str) -> float:
    """Training speed of the network of some weights, forward, backward and optimiser, without reading pictures.

    Args:
        known: Names the network and its input; the weights themselves are not read.
        device: cpu or cuda:N.

    Returns:
        Images per second, the better of two steps.
    """
    network = build_network(NetworkSpec(known.network, outputs=2, channels=known.channels)).to(device).train()
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.0, fused=True)
    batch = torch.zeros(BATCH, known.channels, known.side, known.side, device=device)
    batch = batch.contiguous(memory_format=torch.channels_last)
    truth = torch.arange(BATCH, device=device) % 2
    half = precision_for(device) == "bfloat16"
    best = float("inf")
    for number in range(1 + STEPS):
        started = time.perf_counter()
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=half):
            loss = functional.cross_entropy(network(batch).float(), truth)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        float(loss.detach())  # waits for the device
        if number:
            best = min(best, time.perf_counter() - started)
    return BATCH / best
