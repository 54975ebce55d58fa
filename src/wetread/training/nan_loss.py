"""What is said when a loss, a weight or an output is no number any more. No torch here."""

from __future__ import annotations

from collections.abc import Sequence

from wetread.errors import InputError
from wetread.shapes import Ints

#: Names of pictures in the message.
NAMED = 5


def nan_loss(
    epoch: int,
    rows: Ints,
    names: Sequence[str],
    learning_rate: float,
    what: str = "the loss is no longer a number",
) -> InputError:
    """The error that ends such a fit.

    Args:
        epoch: In which it happened, from 0.
        rows: Of the pictures of that step.
        names: Of all pictures of the fit; empty for their numbers.
        learning_rate: To propose a lower one.
        what: Went wrong.
    """
    told = [names[row] if len(names) else f"number {row}" for row in rows]
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return InputError(
        f"Training stopped in epoch {epoch + 1}: {what}. "
        f"It happened at the pictures {', '.join(told[:NAMED])}{more}. "
        f"The weights are those {f'of the end of epoch {epoch}' if epoch else 'it began with'} again.",
        remedy=f"{_slower(learning_rate)}, or look at these pictures and leave them out.",
        code="nan-loss",
    )


#: Of `nan_loss`: a step broke the weights although its own loss was a number.
WEIGHTS_LOST = "the weights of the network are no longer numbers"


def nan_outputs(epoch: int, learning_rate: float) -> InputError:
    """The error where weights are numbers, and what they say of pictures that are not learnt from is none.

    Args:
        epoch: After which it was seen, from 1.
        learning_rate: To propose a lower one.
    """
    return InputError(
        f"Training stopped after epoch {epoch}: for pictures that it does not learn from, the outputs of the network "
        "are no longer numbers.",
        remedy=f"{_slower(learning_rate)}.",
        code="nan-loss",
    )


def _slower(learning_rate: float) -> str:
    return f"Set learning_rate in plan.yaml to {learning_rate / 10:g} (a tenth)"
