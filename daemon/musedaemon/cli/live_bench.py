"""`musedaemon bench --live`: what a player would feel, as a table, and in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from musedaemon.config.schema import Config
from musedaemon.run.live_bench import TURNS, Beside, LiveFigures, Load, Spread, measure_live

UNFELT_MS = 6.0
"""In quick notes nobody hears a displacement below this (Friberg and Sundberg, J. Acoust. Soc. Am. 98, 1995)."""
BEARABLE_MS = 20.0
"""What musicians put up with; a synth seven metres away is as late."""

_WIDTH = 44
_LOADS = (Load.IDLE, Load.BOTH)


def print_live_bench(config: Config) -> int:
    """Measure without and with load, printing each table as it is there; MusedaemonError where it cannot be done."""
    print(f"{TURNS} turns idle, {TURNS} under load: about two minutes", flush=True)
    measured = []
    for load in _LOADS:
        measured.append(measure_live(config, load))
        print("\n".join(["", *live_lines(measured[-1])]), flush=True)
    print(f"\n{judgement(measured)}")
    return 0


def live_lines(figures: LiveFigures) -> list[str]:
    """One load's table: milliseconds, and how many times the bare program's."""
    lost = [f"  {figures.lost} notes were played and never heard"] if figures.lost else []
    return [
        f"{figures.load.value}, in ms",
        f"{'':{_WIDTH}}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}",
        *_rows("thru, from key to sound", "a bare echo", figures.thru),
        *_rows("planned notes leave late by", "a bare wait", figures.leaving),
        *_rows("planned notes sound late by", "a bare wait that plays", figures.sounding),
        _row(f"the first of a reply ({figures.first.amount})", figures.first),
        _row("hand-over to first note (musical rest)", figures.answer),
        *lost,
    ]


def judgement(measured: Sequence[LiveFigures]) -> str:
    """One sentence on what a player feels of all this."""
    thru = max(figures.thru.daemon.p99 for figures in measured)
    late = max(figures.sounding.daemon.p99 for figures in measured)
    worst = max(thru, late)
    told = f"99 of 100 notes pass within {thru:.1f} ms, and replies sound within {late:.1f} ms of their time"
    if worst < UNFELT_MS:
        return f"Nobody will feel this: {told}, under load too."
    quick = max(measured[0].thru.daemon.p99, measured[0].sounding.daemon.p99)
    if worst < BEARABLE_MS:
        where = "under load" if quick < UNFELT_MS else "even without load"
        return f"A keen ear may notice some notes {where}: {told}; `musedaemon check` tells what would help."
    where = "a busy machine" if quick < BEARABLE_MS else "this machine as it is now"
    return f"Late notes will be heard on {where}: {told}; end what else runs, and see `musedaemon check`."


def _rows(name: str, bare: str, beside: Beside) -> list[str]:
    times = "".join(
        f"{ours / max(theirs, 1e-3):8.1f}" for ours, theirs in zip(beside.daemon[:4], beside.bare[:4], strict=True)
    )
    return [
        _row(f"{name} ({beside.daemon.amount})", beside.daemon),
        _row(f"  {bare} ({beside.bare.amount})", beside.bare),
        f"{'    times that':{_WIDTH}}{times}",
    ]


def _row(name: str, spread: Spread) -> str:
    return f"  {name:{_WIDTH - 2}}" + "".join(f"{value:8.2f}" for value in spread[:4])
