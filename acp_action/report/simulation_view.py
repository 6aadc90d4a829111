"""A simulation for people: what to expect, what limits it, and whether more workers would pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.catalogue.prices import usd
from acp_action.report.bars import LEGEND, draw_bars
from acp_action.report.escape import one_line
from acp_action.report.lines import span_words
from acp_action.report.wording import status_words

if TYPE_CHECKING:
    from acp_action.report.simulation import Setting, Simulation, Traffic

_FAILURES_SHOWN: Final = 5


def simulation_text(simulation: Simulation, width: int = 0) -> str:
    """The figures, the providers' traffic, the timeline of a run of middle length, and the comparison.

    ``width``: of the timeline's lines; by default a line is as long as its names make it.
    """
    parts = [
        _headline(simulation),
        _figures(simulation),
        _failures(simulation),
        _traffic(simulation.traffic),
        _timeline(simulation, width),
        _comparison(simulation),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _headline(simulation: Simulation) -> list[str]:
    steps = f"{simulation.steps} step{'' if simulation.steps == 1 else 's'}"
    runs = f"{simulation.runs} run{'' if simulation.runs == 1 else 's'} from seed {simulation.seed}"
    return [
        f"{one_line(simulation.pipeline)}: {steps}, simulated ({runs})",
        "Nothing was sent or paid for.",
    ]


def _figures(simulation: Simulation) -> list[str]:
    time, rows = simulation.duration, []
    between = f" (8 of 10 runs between {span_words(time.p10)} and {span_words(time.p90)})"
    rows.append(("Expected time", span_words(time.median) + (between if time.p10 < time.p90 else "")))
    rows.append(
        ("One after another", f"{span_words(simulation.sequential)} ({simulation.speedup:.1f}x as long)")
    )
    rows.append(("Cost", _cost(simulation)))
    rows.append(("What limits it", one_line(simulation.limit)))
    if simulation.unknown:
        count = f"{simulation.unknown} step{'' if simulation.unknown == 1 else 's'}"
        rows.append(("Not known", f"how long {count} will take; taken for 1 s each"))
    return [f"{name + ':':<19}{value}" for name, value in rows]


def _cost(simulation: Simulation) -> str:
    unknown = simulation.cost_unknown
    more = f"and {unknown} step{'' if unknown == 1 else 's'} at an unknown price" if unknown else ""
    if simulation.cost is None:
        return f"unknown for {unknown} step{'' if unknown == 1 else 's'}" if unknown else "nothing"
    return " ".join(filter(None, [f"about {usd(simulation.cost)}", more]))


def _failures(simulation: Simulation) -> list[str]:
    shown = simulation.failures[:_FAILURES_SHOWN]
    return [
        f"{one_line(name)} {status_words(status)} in {count} of {simulation.runs} runs"
        + ("; give it a longer timeout" if status == "timed_out" else "")
        for name, status, count in shown
    ]


def _traffic(lines: tuple[Traffic, ...]) -> list[str]:
    if not lines:
        return []
    width = max(len(line.provider) for line in lines)
    told = [
        f"  {line.provider.ljust(width)}  {line.requests:>6,} requests  {line.refusals:>5,} refused   "
        f"assumed: {line.limits}"
        for line in lines
    ]
    sources = [f"  {line.provider.ljust(width)}  {one_line(line.source)}" for line in lines]
    return ["Providers:", *told, "Where the limits are from (settings.rate_limits gives yours):", *sources]


def _timeline(simulation: Simulation, width: int) -> list[str]:
    bars = draw_bars(simulation.report, line=width)
    return ["Timeline of a run of middle length:", *bars, f"  {LEGEND}"] if bars else []


def _comparison(simulation: Simulation) -> list[str]:
    if not simulation.comparison:
        return []
    longest = max(line.duration for line in simulation.comparison)
    rows = [_row(line, longest) for line in simulation.comparison]
    lead = "With max_workers in the settings and every group, and for the whole run:"
    return [lead, *rows, *(["Advice: " + simulation.advice] if simulation.advice else [])]


def _row(line: Setting, longest: float) -> str:
    bar = "=" * max(round(24 * line.duration / longest), 1) if longest > 0 else ""
    refused = f"  {line.refusals:,} refused" if line.refusals else ""
    time = f"{span_words(line.duration):>12}  {line.speedup:>5.1f}x"
    return f"  {line.max_workers:>5}  {time}  {bar}{refused}".rstrip()
