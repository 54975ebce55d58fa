"""The device of a run: a fact of the machine it runs on, whichever machine its plan was made on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.errors import InputError
from wetread.hardware import may_have_cuda
from wetread.progress import Listener, Notice
from wetread.request import Request, choose_device
from wetread.run_folder import RunFolder

if TYPE_CHECKING:
    from wetread.training.plan import Plan

#: How a device may be called.
_POSSIBLE = re.compile(r"auto|cpu|cuda(:\d+)?")


def asked_device(request: Request) -> str:
    """The device as it was asked for: with ``--set device=``, which is said last, else with ``--device``."""
    said = [text.strip() for name, _, text in _settings(request) if name.strip() == "device"]
    return said[-1] if said else request.device


def settings_beside_device(request: Request) -> tuple[str, ...]:
    """Single settings, without those of the device."""
    return tuple("".join(setting) for setting in _settings(request) if setting[0].strip() != "device")


def with_device(request: Request, file: Path | None, plan: Plan, planned: Plan) -> Plan:
    """The plan on a device that is here.

    A device that was asked for comes first, then that of a plan file where this machine has it, then the one found
    here. What was planned for the units of another device is planned anew with it.

    Args:
        request: What was asked for.
        file: The plan file that is followed; None where there is none.
        plan: Settled in all else.
        planned: By the rules, for the device asked for or found here.

    Raises:
        InputError: What the plan file names is no device.
    """
    if asked_device(request) != "auto":
        if plan.device != planned.device:
            return _moved(request, plan, planned, "asked for")
        # Where there can be no other, the rules have said so.
        told = file is None and may_have_cuda()
        return plan.replace({"device": planned.device}, lambda _: "asked for") if told else plan
    if file is None:
        return plan
    if not _POSSIBLE.fullmatch(plan.device):
        raise InputError(
            f"{file.name}: device is {plan.device}, which is no device.",
            remedy="Write auto, cpu, cuda or cuda:N, or remove the line.",
            file=file,
            code="device",
        )
    try:
        found = choose_device(plan.device)
    except InputError:
        return _moved(
            request, plan, planned, f"{planned.reasons['device']}; {plan.device}, which {file.name} names, is not here"
        )
    return plan if found == plan.device else plan.replace({"device": found}, plan.reasons.__getitem__)


def warn_of_device(folder: RunFolder, plan: Plan, tell: Listener) -> None:
    """Folds that were finished on another device do not count: their numbers may differ in the last digits."""
    from wetread.report.plan_part import plan_values, read_plan

    before = plan_values(read_plan(folder)).get("device", plan.device)
    if before != plan.device and (folder.path / "folds").is_dir() and not folder.keeps_earlier:
        tell(Notice(f"This run began on {before} and goes on on {plan.device}: folds finished there are fitted anew."))


def _moved(request: Request, plan: Plan, planned: Plan, reason: str) -> Plan:
    """The plan on the planned device; what suits its units goes with it, where nobody set it."""
    typed = {name.strip() for name, _, _ in _settings(request)}
    changes = {"device": planned.device}
    if plan.precision == "bfloat16" and "precision" not in typed:
        changes["precision"] = planned.precision
    if "engine" not in typed:
        changes["engine"] = planned.engine
    return plan.replace(changes, lambda name: reason if name == "device" else planned.reasons[name])


def _settings(request: Request) -> list[tuple[str, str, str]]:
    return [setting.partition("=") for setting in request.settings]
