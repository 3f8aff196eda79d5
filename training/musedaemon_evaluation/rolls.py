"""Piano rolls of calls and replies, as PNG files: the one place that knows matplotlib."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon.whole_file import whole_file
from musedaemon_evaluation.calls import Call
from musedaemon_training.notes import Notes

CALL, REPLY, HUMAN = "#4c566a", "#d9480f", "#1864ab"
_INCHES = (10.0, 4.4)
_MARGIN = 2


def draw(path: Path, call: Call, reply: Notes) -> None:
    """A call with the reply above and with what its composer wrote below, on one clock in beats."""
    figure = Figure(figsize=_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, sharey=True)
    pitches = [int(pitch) for notes in (call.notes, reply, call.continuation) for pitch in notes["pitch"]]
    for axes, answer, colour, title in (
        (above, reply, REPLY, f"{call.name}: the call, and the reply of musedaemon"),
        (below, call.continuation, HUMAN, "the call, and what was written next"),
    ):
        _roll(axes, call.notes, CALL)
        _roll(axes, answer, colour)
        axes.axvline(call.length / TICKS_PER_BEAT, color="0.7", linewidth=0.8, linestyle=":")
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_ylabel("pitch", fontsize=8)
        axes.set_ylim(min(pitches) - _MARGIN, max(pitches) + _MARGIN)
        axes.tick_params(labelsize=7)
    below.set_xlabel("beats", fontsize=8)
    with whole_file(path) as part:
        figure.savefig(part, format="png", dpi=110)


def _roll(axes: Axes, notes: Notes, colour: str) -> None:
    for note in notes:
        start, length = int(note["onset"]) / TICKS_PER_BEAT, int(note["duration"]) / TICKS_PER_BEAT
        axes.broken_barh([(start, length * 0.94)], (int(note["pitch"]) - 0.4, 0.8), facecolors=colour)
