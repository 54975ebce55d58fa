"""Progress events -> bars with an estimate; results -> tables. Everything but results goes to standard error."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.measure import Measurement
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from wetread.cli.trust_view import too_long, trust_view
from wetread.outcome import DISCLAIMER, Run, alone, counted, in_words, is_external, name_measure, say_share
from wetread.progress import (
    Event,
    FoldDone,
    FoldLeftOut,
    FoldLoaded,
    Notice,
    PlanMade,
    StepAdvanced,
    StepFinished,
    StepPace,
    StepStarted,
)
from wetread.report.rungs import explain_rungs, title_network
from wetread.run_folder import RunFolder

if TYPE_CHECKING:
    from wetread.examination import Remark

GATE_STYLE = {"green": "bold green", "amber": "bold yellow", "red": "bold red"}
SEVERITY_STYLE = {"info": "cyan", "amber": "yellow", "red": "red"}

#: The decisions that a person wants to see before waiting for them.
SHOWN_DECISIONS = (
    "classes", "positive", "recipe", "modality", "view", "estimate", "folds", "repeats", "rungs", "backbone", "network",
    "weights", "epochs", "precision", "mirror", "device",
)  # fmt: skip

#: Decisions that matter only where a network is trained.
OF_A_NETWORK = ("network", "weights", "epochs", "precision", "mirror")

TITLES = {
    "prevalence": "prevalence",
    "file properties": "only file properties",
    "classical": "classical features",
    "frozen": "frozen backbone",
    "combined": "backbone and classical",
    "network": "network",
    "ensemble": "ensemble",
    "selected": "chosen in the folds",
}


class ProgressView:
    """A progress listener that draws: one line per step, a bar and an estimate for the one at work."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._titles: dict[str, str] = {}
        self._left_out: set[int] = set()
        self._pace = StepPace()
        # Drawn anew without an event too: an estimate counts down while a long item is at work.
        self._live = Live(get_renderable=self._line, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> ProgressView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pace.end()
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Takes one event and draws what it changes."""
        # Not before there is something to draw: it starts a thread, and processes start fastest without one.
        self._live.start()
        if isinstance(event, StepStarted):
            self._titles[event.step] = event.title
            self._pace.begin(event.step, event.title, event.total, time.monotonic())
            if not self._console.is_terminal:
                self._console.print(f"{event.title} ...", highlight=False)
        elif isinstance(event, StepAdvanced):
            self._pace.advance(event.done, event.total, event.skipped, event.detail, time.monotonic())
        elif isinstance(event, FoldDone | FoldLoaded | FoldLeftOut):
            self._print_fold(event)
        elif isinstance(event, Notice):
            self._console.print(Text(f"    ! {event.text}", "yellow"), highlight=False, soft_wrap=True)
        elif isinstance(event, StepFinished):
            self._pace.end()
            self._print_finished(event)
        elif isinstance(event, PlanMade):
            self._console.print(plan_table(event.decisions))

    def _print_finished(self, event: StepFinished) -> None:
        line = Text.assemble(
            ("  ✓ ", "green"),
            (f"{self._titles.get(event.step, event.step):<32}"),
            (f"{say_seconds(event.seconds):>8}  ", "dim"),
        )
        line.append(event.summary, "dim")
        self._console.print(line, highlight=False, soft_wrap=True)

    def _print_fold(self, event: FoldDone | FoldLoaded | FoldLeftOut) -> None:
        """One line per fold: what won inside it, and how long it took. One per repeat that is left out."""
        where = f"repeat {event.repeat}, fold {event.fold}" if event.fold else "final model"
        if isinstance(event, FoldDone):
            told = f"{say_seconds(event.seconds):>8}  {TITLES.get(event.chosen, event.chosen)}"
        elif isinstance(event, FoldLoaded):
            told = "          was there"
        elif event.repeat in self._left_out:
            return
        else:
            self._left_out.add(event.repeat)
            where, told = f"repeat {event.repeat}", "          left out: too little time is left"
        self._console.print(Text(f"    · {where:<30}{told}", "dim"), highlight=False, soft_wrap=True)

    def _line(self) -> Text | Table:
        pace = copy.copy(self._pace)  # the thread that draws may stand between two fields of an event
        if not pace.step:
            return Text()
        grid = Table.grid(padding=(0, 1))
        title = Text(f"  · {pace.title:<32}")
        if not pace.total:
            grid.add_row(title)
            return grid
        seconds = pace.seconds_left(time.monotonic())
        left = "" if seconds is None else f"{say_seconds(seconds)} left"
        bar = ProgressBar(pace.total, pace.done, width=28, style="bright_black", complete_style="cyan")
        share = Text(f"{100 * pace.done // pace.total:3d} %  {left:<14}", style="dim")
        grid.add_row(title, bar, share, Text(pace.detail, style="dim"))
        return grid


class Narrowing:
    """A table that gives up its least important columns until it fits.

    Args:
        columns: Their names, all of them.
        dispensable: Those it can do without, the least important first.
        make: Makes the table with some of the columns.
    """

    def __init__(
        self, columns: Sequence[str], dispensable: Sequence[str], make: Callable[[Sequence[str]], Table]
    ) -> None:
        self._columns, self._dispensable, self._make = columns, dispensable, make

    def _fit(self, console: Console, width: int) -> Table:
        for gone in range(len(self._dispensable) + 1):
            table = self._make([name for name in self._columns if name not in self._dispensable[:gone]])
            if Measurement.get(console, console.options.update(max_width=1000), table).maximum <= width:
                break
        return table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._fit(console, options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._fit(console, options.max_width))


def plan_table(decisions: tuple[tuple[str, str, str], ...]) -> Padding:
    """The plan: decision, value, reason."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style="cyan", max_width=34)
    table.add_column(style="dim")
    # Imported here: it brings YAML, which a run has read by now, and the start must do without.
    from wetread.report.plan_part import say_decision

    values: dict[str, Any] = {name: value for name, value, _ in decisions}
    values["rungs"] = values.get("rungs", "").split(", ")
    trains = "network" in values["rungs"]
    for name, value, reason in decisions:
        told = say_decision(name, value, values) if name in SHOWN_DECISIONS else ""
        if told and (trains or name not in OF_A_NETWORK):
            table.add_row(in_words(name), told, reason)
    return Padding(Group(Text("Plan", style="bold"), table), (1, 0, 1, 2))


def print_result(run: Run, console: Console) -> None:
    """Prints `result_view`, and below its box the commands that would be broken in it, so that they can be pasted."""
    inside = console.width - len("│  ") - len("  │")
    console.print(result_view(run, inside))
    for command, titles in too_long(run.lights, inside).items():
        console.print(Text(", ".join(titles), style="dim"), Text(command), sep="\n", soft_wrap=True)


def result_view(run: Run, width: int | None = None) -> Panel:
    """The result: headline, gate, ladder, findings, where the report is.

    Args:
        run: That ended.
        width: Columns inside the box; commands that do not fit are said to stand below it. None: all stand in it.
    """
    parts: list[Any] = []
    if run.numbers:
        shown, n = run.numbers["headline"], run.numbers["n"]
        several = run.numbers.get("task") == "multilabel"
        measure = name_measure(run.numbers)
        head = Text.assemble(
            (f"{measure[0].upper()}{measure[1:]} ", "bold"),
            (say_share(shown["value"]), "bold cyan"),
            f"   95 % interval {say_share(shown['low'])} to {say_share(shown['high'])}",
        )
        who = counted(n["patients"], "patient") if n.get("patients") else "patients not known"
        parts += [head, Text(f"{counted(n['images'], 'image')}, {who}, {run.numbers['estimate']}", style="dim")]
        if told := alone(run.numbers):
            parts.append(Text(told, style="dim"))
        parts.append(Text())
        title = _title_network(run)
        parts += [ladder_table(run.numbers, title), Text()]
        parts += why_used(run.numbers, title)
        point = findings_table(run.numbers) if several else metrics_line(run.numbers)
        parts += [point, Text()]
    parts.append(Text.assemble(("Gate  ", "bold"), (f"● {run.gate}", GATE_STYLE[run.gate])))
    for finding in run.findings:
        parts.append(
            Text.assemble(
                (f"  {finding['severity']:<6}", SEVERITY_STYLE[finding["severity"]]),
                f"{finding['title']} ",
                (finding["code"], "dim"),
            )
        )
    if run.lights:
        parts += [Text(), trust_view(run.lights, width)]
    parts.append(Text())
    parts.append(Text.assemble(("Report  ", "bold"), (str(run.report), "underline")))
    parts.append(Text(DISCLAIMER, style="dim"))
    title = f"[bold]wetread[/]  {run.folder.name}"
    return Panel(
        Group(*parts), title=title, title_align="left", border_style="bright_black", padding=(1, 2), expand=False
    )


def _title_network(run: Run) -> str:
    """What the network of a run is called; plan.yaml knows."""
    # Imported here: YAML is read at the end of a run only.
    from wetread.report.plan_part import plan_reasons, plan_values, read_plan

    plan = read_plan(RunFolder(run.folder))
    title = title_network(plan_values(plan), plan_reasons(plan), short=True)
    return title[0].lower() + title[1:] if title.startswith(("Small", "Network", "Dense")) else title


def ladder_table(numbers: dict[str, Any], network: str = TITLES["network"]) -> Narrowing:
    """One row per rung: AUROC with interval as a small forest plot, seconds.

    Args:
        numbers: Of numbers.json.
        network: What its network is called.
    """
    names = {"model": "left", "AUROC": "right", "95 % interval": "left", SCALE: "left", "time": "right"}
    titles = TITLES | {"network": network, "selected": _title_selected(numbers)}

    def make(columns: Sequence[str]) -> Table:
        table = _open_table(columns, names, padding=2)
        for name, row in numbers["models"].items():
            style = "bold" if name == "selected" else "dim" if name not in TITLES else ""
            _add(table, columns, _ladder_row(titles.get(name, f"only {name}"), row, style))
        return table

    return Narrowing(tuple(names), (SCALE, "time"), make)


def _title_selected(numbers: dict[str, Any]) -> str:
    """As `wetread.report.rungs.name_rungs` has it, in the few letters that a terminal has beside a plot."""
    if is_external(numbers):
        return "the model"
    if (numbers.get("choices") or {}).get("rule", "by gain") != "by gain":
        return "used, as the plan says"
    return TITLES["selected"] if numbers.get("estimate") == "cross-validation" else "chosen in training"


#: Head of a forest plot of 14 cells, and of 12.
SCALE, SMALL_SCALE = "0.5        1.0", "0.5      1.0"


def _ladder_row(title: str, row: dict[str, Any], style: str) -> dict[str, Text | str]:
    area = row.get("auroc")
    if area is None:
        return {"model": Text(title, style=style)}
    by_definition = area["method"] == "by definition"
    interval = "by definition" if by_definition else f"{say_share(area['low'])} to {say_share(area['high'])}"
    seconds = row.get("seconds")
    return {
        "model": Text(title, style=style),
        "AUROC": Text(say_share(area["value"]), style=style),
        "95 % interval": Text(interval, style="dim"),
        SCALE: forest(area["low"], area["value"], area["high"]),
        "time": "" if seconds is None else say_seconds(seconds),
    }


def why_used(numbers: dict[str, Any], network: str) -> list[Any]:
    """Why each rung was used or not, a sentence each; nothing where there was nothing to choose from."""
    sentences = {name: why for name, why in explain_rungs(numbers).items() if name != next(iter(numbers["chosen"]))}
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for name, why in sentences.items():
        table.add_row((TITLES | {"network": network})[name], why[0].lower() + why[1:])
    return [table, Text()] if sentences else []


def findings_table(numbers: dict[str, Any]) -> Narrowing:
    """One row per finding: how many have it, AUROC with interval as a forest plot, rates at its threshold.

    Where a terminal is narrow the plot goes first; the names stay, those of more than 30 letters over two lines.
    """
    names = {
        "finding": "left", "with it": "right", "AUROC": "right", "95 % interval": "left", SMALL_SCALE: "left",
        "sens.": "right", "spec.": "right",
    }  # fmt: skip

    def make(columns: Sequence[str]) -> Table:
        table = _open_table(columns, names, padding=1)
        table.columns[0].no_wrap, table.columns[0].overflow, table.columns[0].max_width = False, "fold", 30
        for name, row in numbers["per_class"].items():
            _add(table, columns, _finding_row(in_words(name), row))
        return table

    return Narrowing(tuple(names), (SMALL_SCALE, "spec.", "sens.", "with it"), make)


def _finding_row(name: str, row: dict[str, Any]) -> dict[str, Text | str]:
    area = row.get("auroc")
    cells: dict[str, Text | str] = {"finding": Text(name), "with it": str(row["positive"])}
    if area is None:
        return {**cells, "95 % interval": Text("not tested", style="dim")}
    rates = {"sens.": row.get("sensitivity"), "spec.": row.get("specificity")}
    return {
        **cells,
        "AUROC": say_share(area["value"]),
        "95 % interval": Text(f"{say_share(area['low'])} to {say_share(area['high'])}", style="dim"),
        SMALL_SCALE: forest(area["low"], area["value"], area["high"], cells=12),
        **{key: say_share(rate["value"]) if rate else "" for key, rate in rates.items()},
    }


def _open_table(columns: Sequence[str], justified: dict[str, Any], padding: int) -> Table:
    table = Table(box=None, padding=(0, padding, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name, justify=justified[name], no_wrap=True)
    return table


def _add(table: Table, columns: Sequence[str], cells: dict[str, Text | str]) -> None:
    table.add_row(*(cells.get(name, "") for name in columns))


def forest(low: float, value: float, high: float, cells: int = 14) -> Text:
    """An interval on the scale 0.5 to 1 in text."""
    place = [round((min(max(x, 0.5), 1.0) - 0.5) * 2 * (cells - 1)) for x in (low, value, high)]
    line = [" "] * cells
    for cell in range(place[0], place[2] + 1):
        line[cell] = "─"
    line[place[1]] = "●"
    return Text("".join(line), style="cyan")


def metrics_line(numbers: dict[str, Any]) -> Text:
    """Sensitivity and specificity at the operating point, or accuracy for several classes."""
    names = (
        ("sensitivity", "specificity", "ppv", "npv")
        if numbers.get("positive")
        else ("accuracy", "balanced_accuracy", "macro_f1")
    )
    text = Text(
        f"at the operating point, positive is {numbers['positive']}:\n" if numbers.get("positive") else "", style="dim"
    )
    for name in names:
        number = numbers["metrics"].get(name)
        if number:
            label = {"ppv": "PPV", "npv": "NPV", "macro_f1": "macro F1"}.get(name, in_words(name))
            text.append(f"  {label:<18}", style="not dim")
            text.append(say_share(number["value"]), style="not dim bold")
            text.append(f"   {say_share(number['low'])} to {say_share(number['high'])}\n", style="dim")
    text.rstrip()
    return text


def say_seconds(seconds: float) -> str:
    """``8 s``, ``3 min 20 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


def doctor_view(remarks: list[Remark]) -> Table:
    """What `wetread doctor` found: a line each, and what to do where something is wrong."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    topic = ""
    for remark in remarks:
        mark = Text("✓", style="green") if remark.well else Text("✗", style="bold red")
        found = Text(remark.found)
        if not remark.well:
            found.append(f"\n{remark.remedy}", style="yellow")
        table.add_row(Text("" if remark.topic == topic else remark.topic, style="dim"), mark, remark.name, found)
        topic = remark.topic
    return table
