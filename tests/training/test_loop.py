"""The loop learns, repeats itself, and is one loop for one process and for several."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from wetread.model.build import build_network
from wetread.training.augment import Augment
from wetread.training.loop import LoopSettings, train

SETTINGS = LoopSettings(
    epochs=6, batch=8, learning_rate=5e-3, weight_decay=0.01, bf16=False, device="cpu", augment=Augment(noise=0)
)


def bright_against_dark(n=32, side=32):
    random = np.random.default_rng(0)
    labels = np.arange(n) % 2
    squares = random.integers(0, 90, (n, 1, side, side)) + 120 * labels[:, None, None, None]
    return squares.astype(np.uint8), labels


def fit(settings=SETTINGS, seed=3):
    squares, labels = bright_against_dark()
    torch.manual_seed(seed)
    network = build_network("small", channels=1, classes=2)
    losses = []
    train(network, squares, labels, lambda x: (x - 0.5) / 0.25, settings, seed, lambda *epoch: losses.append(epoch[3]))
    return network, losses, (squares, labels)


def test_it_learns_what_is_there_to_learn():
    network, losses, (squares, labels) = fit()
    assert losses[-1] < 0.5 * losses[0]
    with torch.inference_mode():
        called = network((torch.from_numpy(squares).float() / 255 - 0.5) / 0.25).argmax(dim=1).numpy()
    assert (called == labels).mean() > 0.9


def test_the_same_seed_gives_the_same_weights():
    one, _, _ = fit()
    two, _, _ = fit()
    other, _, _ = fit(seed=4)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_bf16_is_a_flag():
    from dataclasses import replace

    _, losses, _ = fit(replace(SETTINGS, bf16=True))
    assert losses[-1] < 0.6 * losses[0]


def test_whoever_listens_may_stop_it():
    squares, labels = bright_against_dark()

    def stop(epoch, *_):
        if epoch == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(build_network("small", channels=1, classes=2), squares, labels, lambda x: x, SETTINGS, 0, stop)


@pytest.mark.skipif(os.name != "posix", reason="gloo over loopback is tested on POSIX systems")
def test_two_processes_train_one_network(tmp_path):
    """torchrun's environment, without torchrun: both ranks end with the same weights, and they have learnt."""
    script = tmp_path / "rank.py"
    script.write_text(
        textwrap.dedent("""
        import hashlib, sys
        import numpy as np, torch
        from torch import distributed
        sys.path.insert(0, sys.argv[1])
        from training.test_loop import SETTINGS, bright_against_dark
        from wetread.model.build import build_network
        from wetread.training.loop import train
        torch.set_num_threads(1)
        distributed.init_process_group("gloo", init_method=f"file://{sys.argv[2]}", rank=int(sys.argv[3]), world_size=2)
        torch.manual_seed(0)
        squares, labels = bright_against_dark()
        losses = []
        network = train(build_network("small", channels=1, classes=2), squares, labels, lambda x: (x - .5) / .25,
                        SETTINGS, 0, lambda *epoch: losses.append(epoch[3]))
        weights = b"".join(p.detach().numpy().tobytes() for p in network.parameters())
        print("RESULT", hashlib.sha256(weights).hexdigest(), losses[0], losses[-1])
        distributed.destroy_process_group()
        """)
    )
    here = os.path.dirname(os.path.dirname(__file__))
    command = [sys.executable, str(script), here, str(tmp_path / "meeting")]
    ranks = [subprocess.Popen([*command, str(rank)], stdout=subprocess.PIPE, text=True) for rank in (0, 1)]
    results = [rank.communicate(timeout=240)[0].split("RESULT ")[1].split() for rank in ranks]
    assert results[0] == results[1]
    assert float(results[0][2]) < 0.6 * float(results[0][1])
