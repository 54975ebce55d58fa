"""The loop learns, repeats itself to the bit, keeps what it is told to keep, and is one loop for several processes."""

import math
import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
import torch

from training.small_fit import SETTINGS, bright_against_dark, centre, fit, tiny_network, weights_hash
from wetread.errors import InputError
from wetread.model.networks import NetworkSpec, build_network
from wetread.training.loop import train


def test_it_learns_what_is_there_to_learn():
    network, outcome, epochs = fit()
    squares, labels = bright_against_dark()
    assert outcome.losses[-1] < 0.5 * outcome.losses[0]
    assert [epoch[0] for epoch in epochs] == [1, 2, 3, 4]
    assert [epoch[3] for epoch in epochs] == outcome.losses
    assert outcome.epochs == outcome.kept_epoch == 4
    assert outcome.batch == 8
    assert 0 <= outcome.waiting <= 1
    assert not network.training
    with torch.inference_mode():
        called = network(centre(torch.from_numpy(squares).float() / 255)).argmax(dim=1).numpy()
    assert (called == labels).mean() > 0.9


def test_the_same_seed_gives_the_same_bits_whatever_else_draws_random_numbers():
    one = weights_hash(fit()[0])
    network = tiny_network()
    torch.manual_seed(99)
    two = weights_hash(fit(network=network, on_epoch=lambda *_: torch.rand(7))[0])
    assert one == two
    assert one != weights_hash(fit(seed=4)[0])


def test_two_threads_repeat_themselves_too():
    hashes = {weights_hash(fit(network=tiny_network(width=32), threads=2)[0]) for _ in range(3)}
    assert len(hashes) == 1


def test_bf16_comes_to_the_same_as_float32():
    def probabilities(precision):
        network, outcome, _ = fit(replace(SETTINGS, precision=precision))
        squares, _ = bright_against_dark(seed=1)
        with torch.inference_mode():
            return network(centre(torch.from_numpy(squares).float() / 255)).softmax(dim=1).numpy(), outcome

    (exact, plain), (rough, outcome) = probabilities("float32"), probabilities("bfloat16")
    assert outcome.losses == pytest.approx(plain.losses, rel=0.03)
    assert outcome.losses != plain.losses
    assert np.abs(exact - rough).max() < 0.03
    assert (exact.argmax(axis=1) == rough.argmax(axis=1)).all()


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_one_logit_or_two(output):
    _, outcome, _ = fit(replace(SETTINGS, output=output), network=tiny_network(outputs=1 + (output == "softmax")))
    assert outcome.losses[-1] < 0.6


def test_findings_that_are_not_known_teach_nothing():
    squares, labels = bright_against_dark()
    table = np.stack([labels, np.full(32, np.nan)], axis=1).astype(np.float32)
    network = tiny_network()
    before = network.head.weight[1].detach().clone()
    _, outcome, _ = fit(replace(SETTINGS, output="sigmoid", weight_decay=0), network=network, data=(squares, table))
    assert torch.equal(network.head.weight[1], before)
    assert outcome.losses[-1] < 0.6


def test_the_head_alone_leaves_the_body_as_it_was():
    network = tiny_network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    fit(replace(SETTINGS, tuning="head", head_learning_rate=0.1), network=network)
    moved = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {"head.weight", "head.bias"}
    assert all(weight.requires_grad for weight in network.parameters())


def test_head_first_counts_its_epochs_and_freezes_the_statistics():
    network = tiny_network()
    means = network.body[1].running_mean.clone()
    seen = []
    settings = replace(SETTINGS, tuning="head first", head_epochs=2, head_learning_rate=0.5, freeze_statistics=True)

    def look(epoch, seconds, rate, loss):
        seen.append((epoch, rate > 0.02, float(network.body[0].weight.detach().sum())))

    fit(settings, network=network, on_epoch=look)
    assert [epoch for epoch, _, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert [fast for _, fast, _ in seen] == [True, True, False, False, False, False]
    assert seen[0][2] == seen[1][2] != seen[2][2]
    assert torch.equal(network.body[1].running_mean, means)


def test_the_best_epoch_is_that_of_the_lowest_validation_loss():
    seen = []
    network = tiny_network()
    squares, labels = bright_against_dark(seed=1)
    settings = replace(SETTINGS, keep="best", schedule="constant", learning_rate=0.05, epochs=6)
    # Labels of the validation part are turned round: the better the network, the worse its loss there.
    outcome = train(
        network,
        *bright_against_dark(),
        centre,
        settings,
        3,
        validation=(squares, 1 - labels),
        on_epoch=lambda *_: seen.append(weights_hash(network)),
    )
    assert len(outcome.validation_losses) == 6
    assert outcome.kept_epoch == 1 + int(np.argmin(outcome.validation_losses)) < 6
    assert weights_hash(network) == seen[outcome.kept_epoch - 1]


def test_early_stopping_ends_after_so_many_epochs_without_a_lower_loss():
    squares, labels = bright_against_dark(seed=1)
    settings = replace(SETTINGS, patience=2, schedule="constant", learning_rate=0.05, epochs=12)
    _, outcome, _ = fit(settings, validation=(squares, 1 - labels))
    losses = outcome.validation_losses
    assert outcome.epochs == len(losses) < 12
    assert 1 + int(np.argmin(losses)) == outcome.epochs - 2


def test_a_plateau_lowers_the_rate_three_times_and_then_ends():
    squares, labels = bright_against_dark(seed=1)
    settings = replace(SETTINGS, schedule="plateau", patience=1, learning_rate=0.05, epochs=40)
    _, outcome, epochs = fit(settings, validation=(squares, 1 - labels))
    rates = [epoch[2] for epoch in epochs]
    assert sorted({round(math.log10(rate / 0.05)) for rate in rates}) == [-3, -2, -1, 0]
    assert rates == sorted(rates, reverse=True)
    assert outcome.epochs < 40


def test_what_needs_a_validation_part_says_so():
    with pytest.raises(InputError) as caught:
        fit(replace(SETTINGS, keep="best"))
    assert caught.value.code == "no-validation"


def test_no_epoch_begins_after_the_time_is_up():
    _, outcome, _ = fit(replace(SETTINGS, seconds=1e-6))
    assert outcome.epochs == 1


def test_the_average_of_a_fit_that_ended_early_is_said_to_be_none():
    told = []
    _, outcome, _ = fit(replace(SETTINGS, keep="average", epochs=9, seconds=1e-6), notice=told.append)
    assert told == outcome.notes
    assert "nothing to average" in told[0]


def test_a_loss_that_is_no_number_names_the_pictures_and_restores_the_weights():
    network = tiny_network()
    good = []

    def spoil(epoch, *_):
        good.append(weights_hash(network))
        if epoch == 2:
            network.head.weight.data[0] = 3e38  # the next sums overflow

    names = [f"picture{number:02d}.png" for number in range(32)]
    with pytest.raises(InputError) as caught:
        fit(network=network, names=names, on_epoch=spoil)
    error = caught.value
    assert error.code == "nan-loss"
    assert "epoch 3" in error.message
    assert "picture" in error.message
    assert "and 3 more" in error.message
    assert "0.0005" in error.remedy
    assert weights_hash(network) == good[1]
    assert not network.training


@pytest.mark.parametrize("keep", ["last", "ema", "best"])
def test_weights_that_the_last_step_of_an_epoch_breaks_are_neither_kept_nor_stored(keep, tmp_path):
    """One batch is an epoch: its loss is that of the weights before, and only the weights tell."""
    network = tiny_network()
    steps, good = [], []

    def spoil(gradient):
        steps.append(1)
        return gradient * (math.nan if len(steps) == 2 else 1)

    network.head.weight.register_hook(spoil)
    broken = replace(SETTINGS, batch=32, optimiser="sgd", schedule="constant", clip=0.0, keep=keep)
    with pytest.raises(InputError, match="epoch 2: the weights of the network are no longer numbers") as caught:
        fit(
            broken,
            network=network,
            place=tmp_path,
            validation=bright_against_dark(8, seed=1),
            on_epoch=lambda *_: good.append(weights_hash(network)),
        )
    assert caught.value.code == "nan-loss"
    assert "picture" in caught.value.message
    assert [weights_hash(network)] == good
    assert [path.stem for path in tmp_path.glob("*.json")] == ["epoch-0001"]


def test_a_validation_loss_that_is_no_number_ends_the_fit():
    network = tiny_network()
    network.body[1].register_forward_hook(lambda module, _, made: made if module.training else made * math.inf)
    with pytest.raises(InputError, match="after epoch 1: for pictures that it does not learn from") as caught:
        fit(replace(SETTINGS, keep="best"), network=network, validation=bright_against_dark(8, seed=1))
    assert caught.value.code == "nan-loss"


def test_a_gradient_without_end_names_its_own_batch():
    network = tiny_network()
    network.head.weight.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(InputError) as caught:
        fit(network=network, data=bright_against_dark(8))
    assert caught.value.code == "nan-loss"
    assert all(torch.isfinite(weight).all() for weight in network.parameters())


@pytest.mark.parametrize("most", [3, 1])
def test_short_memory_halves_what_goes_through_at_once(most):
    told = []
    network, outcome, _ = fit(network=tiny_network(most=most), notice=told.append)
    assert outcome.batch == {3: 2, 1: 1}[most]
    assert len(told) == {3: 2, 1: 3}[most]
    assert "4 pictures go through the network at once instead of 8" in told[0]
    assert max(network.seen[4:]) <= most


def test_gradients_of_parts_add_up_to_those_of_the_batch():
    """Without batch norm and dropout a step is the same, however its batch is divided."""

    class Plain(torch.nn.Module):
        def __init__(self, most):
            super().__init__()
            torch.manual_seed(0)
            self.head, self.most = torch.nn.Linear(32 * 32, 3), most

        def forward(self, batch):
            if len(batch) > self.most:
                raise MemoryError
            return self.head(batch.flatten(1))

    squares, labels = bright_against_dark(30)
    labels = np.where(np.arange(30) % 5 == 0, 2, labels)
    settings = replace(SETTINGS, loss="class weights", batch=10, learning_rate=1e-3)
    (whole, one, _), (parts, two, _) = (fit(settings, network=Plain(most), data=(squares, labels)) for most in (99, 3))
    assert two.batch == 3
    assert one.losses == pytest.approx(two.losses, rel=1e-5)
    assert torch.allclose(whole.head.weight, parts.head.weight, atol=1e-5)


def test_memory_that_does_not_suffice_for_one_picture_is_said_plainly():
    with pytest.raises(InputError) as caught:
        fit(network=tiny_network(most=0))
    assert caught.value.code == "out-of-memory"
    assert "network_side" in caught.value.remedy


def test_what_a_failed_step_left_in_batch_norm_does_not_count():
    """Its forward pass went well and moved the running means; memory ran out on the way back."""
    failed = []

    def fail_once(gradient):
        if not failed:
            failed.append(1)
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return gradient

    def one_step(network):
        # The halves are of the same pictures twice, so that they have the statistics of the whole.
        squares, labels = bright_against_dark(2)
        pair = squares[[0, 1, 0, 1]], labels[[0, 1, 0, 1]]
        fit(replace(SETTINGS, epochs=1, batch=4, sampling="one order"), network=network, data=pair)
        return network.state_dict()

    undisturbed = tiny_network(most=2)  # halved before anything was computed
    disturbed = tiny_network()
    disturbed.body[0].weight.register_hook(fail_once)
    expected, found = one_step(undisturbed), one_step(disturbed)
    assert failed
    assert found["body.1.num_batches_tracked"] == expected["body.1.num_batches_tracked"] == 2
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def test_the_validation_part_too_goes_through_in_smaller_pieces():
    def limit(module, inputs):
        if not module.training and len(inputs[0]) > 3:
            raise RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")

    settings, validation = replace(SETTINGS, keep="best"), bright_against_dark(9, seed=1)
    _, expected, _ = fit(settings, validation=validation)
    network = tiny_network()
    network.body.register_forward_pre_hook(limit)
    _, outcome, _ = fit(settings, network=network, validation=validation)
    assert outcome.validation_losses == pytest.approx(expected.validation_losses, rel=1e-5)
    assert (outcome.batch, outcome.notes) == (8, [])  # training had enough


def test_memory_that_the_optimiser_lacks_is_said_plainly(monkeypatch):
    def short(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr("wetread.training.optimise.Optimiser._start", short)
    network = tiny_network()
    before = weights_hash(network)
    with pytest.raises(InputError, match="Training needs more memory than there is") as caught:
        fit(network=network)
    assert caught.value.code == "out-of-memory"
    assert weights_hash(network) == before


def test_batch_norm_that_cannot_learn_from_one_picture_ends_the_halving_in_words():
    """Maps of one place: a single picture has no spread."""

    def limit(module, inputs):
        if len(inputs[0]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    network = tiny_network()
    network.body.register_forward_pre_hook(limit)
    with pytest.raises(InputError, match="batch norm cannot learn from one picture") as caught:
        fit(network=network, data=bright_against_dark(8, side=2))
    assert caught.value.code == "out-of-memory"
    assert "freeze_statistics" in caught.value.remedy


def test_pictures_of_which_poolings_leave_nothing_are_refused_in_words():
    network = build_network(NetworkSpec("carpentries", 2, 1, 32))
    with pytest.raises(InputError, match=r"32 x 32 pixels are too small for this network") as caught:
        fit(network=network, data=bright_against_dark(8, side=32))
    assert "network_side" in caught.value.remedy


def test_other_errors_pass_through():
    network = tiny_network()
    network.body.register_forward_hook(lambda *_: (_ for _ in ()).throw(RuntimeError("a fault of ours")))
    with pytest.raises(RuntimeError, match="a fault of ours"):
        fit(network=network)


def test_whoever_listens_may_stop_it():
    def stop(epoch, *_):
        if epoch == 2:
            raise InterruptedError

    network = tiny_network()
    with pytest.raises(InterruptedError):
        fit(network=network, on_epoch=stop)
    assert not network.training


@pytest.mark.skipif(os.name != "posix", reason="gloo over loopback is tested on POSIX systems")
def test_two_processes_train_one_network(tmp_path):
    """torchrun's environment, without torchrun: both ranks end with the same weights, and they have learnt."""
    script = tmp_path / "rank.py"
    script.write_text(
        textwrap.dedent("""
        import sys
        import torch
        from torch import distributed
        sys.path.insert(0, sys.argv[1])
        from training.small_fit import fit, tiny_network, weights_hash
        torch.set_num_threads(1)
        distributed.init_process_group("gloo", init_method=f"file://{sys.argv[2]}", rank=int(sys.argv[3]), world_size=2)
        # The second begins with other weights, and is given those of the first.
        network, outcome, _ = fit(network=tiny_network(seed=int(sys.argv[3])))
        print("RESULT", weights_hash(network), outcome.losses[0], outcome.losses[-1])
        distributed.destroy_process_group()
        """)
    )
    here = os.path.dirname(os.path.dirname(__file__))
    command = [sys.executable, str(script), here, str(tmp_path / "meeting")]
    ranks = [subprocess.Popen([*command, str(rank)], stdout=subprocess.PIPE, text=True) for rank in (0, 1)]
    results = [rank.communicate(timeout=600)[0].split("RESULT ")[1].split() for rank in ranks]
    assert results[0] == results[1]
    assert float(results[0][2]) < 0.6 * float(results[0][1])
