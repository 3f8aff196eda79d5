"""The curves of a run as a picture: the one place of training that knows matplotlib."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from musedaemon.whole_file import whole_file

CURVES_FILE = "curves.png"
FIELDS = ("shift", "pitch", "duration", "velocity", "total")


def draw_curves(run: Path) -> str:
    """Draw `metrics.jsonl` of a run's folder; a line that tells where the picture is, or why there is none."""
    try:
        # Figures are drawn without pyplot: no window, no state of the process is touched.
        from matplotlib.figure import Figure
    except ImportError:
        return "No curves are drawn: matplotlib is not installed."
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    figure: Any = Figure(figsize=(11, 5), layout="constrained")
    bits, rate = figure.subplots(1, 2, width_ratios=(3, 1))
    _draw_bits(bits, lines)
    _draw_rate(rate, [line for line in lines if line["kind"] == "training"])
    try:
        with whole_file(run / CURVES_FILE) as part:
            figure.savefig(part, format="png", dpi=110)
    except OSError as error:
        return f"No curves are drawn: {run} cannot be written ({error.strerror})."
    return f"Curves: {run / CURVES_FILE}"


def _draw_bits(axes: Any, lines: list[dict[str, Any]]) -> None:
    for number, field in enumerate(FIELDS):
        for kind, style in (("training", {"alpha": 0.3}), ("validation", {"marker": "o", "markersize": 3})):
            chosen = [line for line in lines if line["kind"] == kind]
            label = field if kind == "validation" else None
            x, y = [line["notes"] / 1e6 for line in chosen], [line["bits"][field] for line in chosen]
            axes.plot(x, y, color=f"C{number}", label=label, **style)
    _mark_best(axes, [line for line in lines if line["kind"] == "validation"])
    axes.set(xlabel="million notes", ylabel="bits a note", xlim=(0, None), ylim=(0, None))
    axes.set_title("training (pale, as played) and validation (as written)", fontsize="medium")
    axes.legend()


def _mark_best(axes: Any, validations: list[dict[str, Any]]) -> None:
    """The validation that `best/` is of: the last whose total was less than all before."""
    for best in [line for line in validations if line["is_best"]][-1:]:
        axes.plot([best["notes"] / 1e6], [best["bits"]["total"]], "k*", markersize=10, label="best", zorder=3)


def _draw_rate(axes: Any, lines: list[dict[str, Any]]) -> None:
    axes.plot([line["notes"] / 1e6 for line in lines], [line["rate"] for line in lines], color="C5")
    axes.set(xlabel="million notes", xlim=(0, None), ylim=(0, None))
    axes.set_title("learning rate", fontsize="medium")
