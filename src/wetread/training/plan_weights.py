"""The weights that a plan names: whether they are here, and what happens where they are not."""

from __future__ import annotations

from wetread.errors import InputError
from wetread.training.fingerprint import Fingerprint
from wetread.training.plan import Plan, how_to_get


def without_missing_weights(plan: Plan, data: Fingerprint) -> Plan:
    """A recipe on a machine that lacks its weights: others of the same network, else it starts fresh; the plan says so.

    Raises:
        InputError: The recipe keeps the body frozen, so fresh weights would stay noise.
    """
    if not plan.weights or data.find(plan.weights) is not None:
        return plan
    others = [known for known in data.weights if (known.network, known.channels) == (plan.network, plan.channels)]
    if not others and plan.tuning == "head":
        require_weights(plan, data)
    # The roots start from everyday photographs, so such weights come first, then those that do not say.
    other = min(others, key=lambda known: (known.medical != "", bool(known.medical), known.name)).name if others else ""
    instead = f"{other}, weights of the same network, take their place" if other else "the network starts fresh"
    return plan.replace(
        {"weights": other},
        lambda _: (
            f"{plan.weights} are not in the weights home, so {instead}, unlike the recipe; "
            f"fetch them with: wetread weights get {plan.weights}"
        ),
    )


def require_weights(plan: Plan, data: Fingerprint) -> None:
    """Refuses a plan whose weights are not here, or are those of another network.

    Raises:
        InputError: Names them, and how to get them.
    """
    wanted = [plan.weights] if "network" in plan.rungs else []
    wanted += [plan.backbone] if {"frozen", "combined"} & set(plan.rungs) else []
    for name in wanted:
        if name and data.find(name) is None:
            raise InputError(
                f"The plan asks for the weights {name}, which are not in the weights home.",
                remedy=how_to_get(name, data),
                code="no-weights",
            )
    known = data.find(plan.weights) if "network" in plan.rungs else None
    if known is not None and known.network != plan.network:
        raise InputError(
            f"The weights {known.name} belong to the network {known.network}, and network is {plan.network}.",
            remedy=f"Set network={known.network}, or other weights; weights= starts without any.",
            code="plan",
        )
