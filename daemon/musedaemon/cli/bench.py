"""`musedaemon bench`: what a note costs on this machine, beside what reading the model from memory costs."""

from __future__ import annotations

from pathlib import Path

from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon.run.bench import NOTE_ON_WIRE_MS, Bench, Times, measure

NOTES = 1000
_SLOW = "slower than that: free a core, or take a smaller model if dense replies come late"


def print_bench(path: str) -> int:
    """Measure the model at `path`, or the default one, and print the figures; ModelError where it cannot be used."""
    model = OnnxModel.load(Path(path)) if path else load_default()
    print(f"{model.card}, {model.size / 1e6:.1f} MB; milliseconds over {NOTES} notes on one thread", flush=True)
    print("\n".join(bench_lines(measure(model, model.size, NOTES))))
    return 0


def bench_lines(bench: Bench) -> list[str]:
    """The figures as a table, then what they mean."""
    verdict = "quicker than that" if bench.note.p50 < NOTE_ON_WIRE_MS else _SLOW
    return [
        f"{'':12}{'p50':>8}{'p95':>8}{'p99':>8}",
        _row("step", bench.step),
        _row("whole note", bench.note),
        f"reading the weights once from memory: {bench.weights_read_ms:.3f} ms, "
        f"a step takes {bench.step.p50 / bench.weights_read_ms:.1f} times that",
        f"a note-on on its wire: {NOTE_ON_WIRE_MS:.2f} ms; {verdict}",
    ]


def _row(name: str, times: Times) -> str:
    return f"{name:12}{times.p50:8.3f}{times.p95:8.3f}{times.p99:8.3f}"
