"""The state of a fit on disk after every epoch: a killed run goes on and ends with the very same weights.

Two files each: ``epoch-0007.safetensors`` (weights, moments of the optimiser, kept weights: the best or the averages)
and ``epoch-0007.json`` (numbers, and the SHA-256 of the first and of itself). The JSON is written last, so a checkpoint
that has it is whole. The last two are kept; a damaged one, or one of other settings or data, is passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wetread.model.classifier import pack_arrays, unpack_arrays
from wetread.training.settings import LoopSettings
from wetread.writing import atomic_write, make_folder, sweep_temporaries

FORMAT = 1
#: How many checkpoints stay; one more than is needed, should the newest be damaged.
STAY = 2


@dataclass
class Progress:
    """How far a fit is: what a checkpoint says in JSON.

    Attributes:
        epoch: Epochs finished.
        micro: Pictures that go through the network at once; 0 is the whole batch.
        best: Lowest validation loss; None before there is one.
        best_epoch: Of that loss, from 1.
        waited: Epochs since the last better one, or since the last reduction of the rate.
        reductions: How often a plateau lowered the rate.
        kept: What `average.Kept` counts.
        losses: Mean training loss of each epoch, in nats.
        validation_losses: Of each epoch where it was computed.
        seconds: Spent in epochs, earlier sessions included.
        notes: What happened that the user should know.
    """

    epoch: int = 0
    micro: int = 0
    best: float | None = None
    best_epoch: int = 0
    waited: int = 0
    reductions: int = 0
    kept: int = 0
    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def judge(self, loss: float | None) -> bool:
        """Takes in the validation loss of an epoch; True where it is the lowest so far."""
        if loss is None:
            return False
        self.validation_losses.append(loss)
        better = self.best is None or loss < self.best
        if better:
            self.best, self.best_epoch, self.waited = loss, self.epoch, 0
        else:
            self.waited += 1
        return better


class Checkpoints:
    """The checkpoints of one fit.

    They are written in the background from a copy, one at a time: the steps go on meanwhile.

    Args:
        place: A folder for this fit alone.
        key: Of `fit_key`: tells checkpoints of other settings or data.
    """

    def __init__(self, place: Path, key: str) -> None:
        self.place, self.key = make_folder(place), key
        self._writer: threading.Thread | None = None
        self._error: BaseException | None = None
        self._good: list[str] = []
        sweep_temporaries(place)

    def newest(self) -> tuple[Progress, dict[str, Tensor]] | None:
        """The newest checkpoint that is whole and of this fit; None where there is none."""
        for described in sorted(self.place.glob("epoch-*.json"), reverse=True):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                found = self._read(described)
                self._good.append(described.stem)
                return found
        return None

    def keep(self, progress: Progress, moving: Mapping[str, Tensor], still: Mapping[str, Tensor] | None = None) -> None:
        """Copies the state and starts writing it.

        Args:
            progress: The numbers.
            moving: Tensors that the next step may change.
            still: Tensors that nobody changes any more; they are not copied.

        Raises:
            OutputError: The checkpoint before could not be written: a full disk, for example. Earlier ones are whole.
        """
        self.wait()
        copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in moving.items()}
        copies |= {name: tensor.cpu() for name, tensor in (still or {}).items()}
        stated = asdict(progress)
        self._writer = threading.Thread(target=self._write, args=(stated, copies), name="checkpoint")
        self._writer.start()

    def wait(self) -> None:
        """Waits until what was begun is written; raises what went wrong with it."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _write(self, stated: dict[str, Any], copies: dict[str, Tensor]) -> None:
        try:
            packed = pack_arrays({name: tensor.numpy() for name, tensor in copies.items()})
            name = f"epoch-{stated['epoch']:04d}"
            described = {
                "format": FORMAT,
                "key": self.key,
                "arrays": hashlib.sha256(packed).hexdigest(),
                "progress": stated,
            }
            described["sha256"] = _digest(described)
            # A damaged pair of the same epoch must not lend its JSON to the new arrays.
            (self.place / f"{name}.json").unlink(missing_ok=True)
            atomic_write(self.place / f"{name}.safetensors", packed)
            atomic_write(self.place / f"{name}.json", json.dumps(described, indent=1) + "\n")
            self._good = [*self._good, name][-STAY:]
            self._remove_others()
        except BaseException as error:  # handed to the thread that trains
            self._error = error

    def _remove_others(self) -> None:
        """Leaves what this fit wrote or read last; JSON goes first, so that no half checkpoint looks whole."""
        for path in [*self.place.glob("epoch-*.json"), *self.place.glob("epoch-*.safetensors")]:
            if path.stem not in self._good:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _read(self, path: Path) -> tuple[Progress, dict[str, Tensor]]:
        described = json.loads(path.read_text(encoding="utf-8"))
        if described.pop("sha256") != _digest(described) or described["format"] != FORMAT:
            raise ValueError("damaged, or of another version")
        if described["key"] != self.key:
            raise ValueError("of another fit")
        packed = path.with_suffix(".safetensors").read_bytes()
        if hashlib.sha256(packed).hexdigest() != described["arrays"]:
            raise ValueError("damaged")
        arrays = unpack_arrays(packed)
        return Progress(**described["progress"]), {name: torch.from_numpy(array) for name, array in arrays.items()}


def fit_key(
    settings: LoopSettings,
    seed: int,
    squares: NDArray[np.uint8],
    labels: NDArray[Any],
    normalise: Callable[[Tensor], Tensor],
    network: nn.Module,
) -> str:
    """Hash of all that decides how a fit goes: settings (but not the time limit), seed, data and first weights."""
    decided = {name: value for name, value in asdict(settings).items() if name != "seconds"}
    digest = hashlib.blake2b(repr((sorted(decided.items(), key=str), seed, squares.shape)).encode(), digest_size=32)
    # A function cannot be hashed; what it makes of a few grey values can.
    ramp = torch.linspace(0.0, 1.0, 16).reshape(1, 1, 4, 4).expand(1, squares.shape[1], 4, 4)
    for array in (squares, labels, normalise(ramp.clone()).numpy()):
        digest.update(np.ascontiguousarray(array).data)
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).data)
    return digest.hexdigest()


def _digest(described: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
