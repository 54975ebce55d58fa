"""What is said when a loss is no number any more. No torch here."""

from __future__ import annotations

from collections.abc import Sequence

from wetread.errors import InputError
from wetread.shapes import Ints

#: Names of pictures in the message.
NAMED = 5


def nan_loss(epoch: int, rows: Ints, names: Sequence[str], learning_rate: float) -> InputError:
    """The error that ends such a fit.

    Args:
        epoch: In which it happened, from 0.
        rows: Of the pictures of that step.
        names: Of all pictures of the fit; empty for their numbers.
        learning_rate: To propose a lower one.
    """
    told = [names[row] if len(names) else f"number {row}" for row in rows]
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return InputError(
        f"Training stopped in epoch {epoch + 1}: the loss is no longer a number. "
        f"It happened at the pictures {', '.join(told[:NAMED])}{more}. "
        f"The weights are those of the end of epoch {epoch} again.",
        remedy=f"Set learning_rate in plan.yaml to {learning_rate / 10:g} (a tenth), "
        "or look at these pictures and leave them out.",
        code="nan-loss",
    )
