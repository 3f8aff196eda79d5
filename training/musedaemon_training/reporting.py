"""Training as it goes: bits and speed over the last steps, to the display and to `metrics.jsonl`."""

from __future__ import annotations

from typing import Any, NamedTuple

from musedaemon_training.losses import Tally
from musedaemon_training.progress import Display, Metrics, Standing

LOG_EVERY_STEPS = 25
LOG_EVERY_S = 5.0


class Moment(NamedTuple):
    """Where a run stands: `seconds` of training, `waited_s` of them for batches, `done` from 0 to 1."""

    where: dict[str, Any]
    notes: int
    seconds: float
    waited_s: float
    done: float
    rate: float


class Report:
    """Gathers steps and tells of them now and then. `start` is the moment before the first step."""

    def __init__(self, display: Display, metrics: Metrics, start: Moment) -> None:
        self._display, self._metrics = display, metrics
        self._first = self._last = start
        self._tally, self._steps = Tally(), 0

    def add(self, tally: Tally, now: Moment) -> None:
        """One step more."""
        self._tally.merge(tally)
        self._steps += 1
        if self._steps == LOG_EVERY_STEPS or now.seconds - self._last.seconds > LOG_EVERY_S:
            self._tell(now)

    def pass_over(self, now: Moment) -> None:
        """Time went by that was not training: a validation."""
        self._last = now
        self._tally, self._steps = Tally(), 0

    def end(self, now: Moment, training_s: float) -> str:
        """The speed and the waiting of this whole stretch, of which `training_s` were not validation: for people,
        and into the metrics."""
        if self._steps:
            self._tell(now)
        notes_per_s = (now.notes - self._first.notes) / max(training_s, 1e-9)
        waiting = (now.waited_s - self._first.waited_s) / max(training_s, 1e-9)
        self._metrics.write({"kind": "end", **now.where, "notes_per_s": notes_per_s, "waiting": waiting})
        return f"{notes_per_s:,.0f} notes/s, {100 * waiting:.1f}% of the time waiting for data"

    def _tell(self, now: Moment) -> None:
        seconds = max(now.seconds - self._last.seconds, 1e-9)
        speed = (now.notes - self._last.notes) / seconds
        waiting = (now.waited_s - self._last.waited_s) / seconds
        bits = self._tally.bits()
        values = {**now.where, "rate": now.rate, "notes_per_s": speed, "waiting": waiting, "bits": bits}
        self._metrics.write({"kind": "training", **values})
        self._display.show(Standing(now.done, bits, speed, waiting, self._seconds_left(now)))
        self.pass_over(now)

    def _seconds_left(self, now: Moment) -> float:
        gained = now.done - self._first.done
        return (now.seconds - self._first.seconds) * (1.0 - now.done) / gained if gained > 0 else 0.0
