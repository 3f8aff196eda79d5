from __future__ import annotations

from support.fakes import FakeModel

from musedaemon.cli.bench import bench_lines
from musedaemon.run.bench import Bench, Times, measure


def test_a_note_costs_more_than_its_step_and_percentiles_rise() -> None:
    bench = measure(FakeModel(certain=False), model_bytes=1_000_000, notes=60)
    for times in (bench.step, bench.note):
        assert 0 < times.p50 <= times.p95 <= times.p99
    assert bench.note.p50 > bench.step.p50
    assert bench.weights_read_ms > 0


def test_the_table_tells_what_the_figures_mean() -> None:
    bench = Bench(Times(0.2, 0.3, 0.4), Times(0.5, 0.6, 0.75), 0.1)
    assert bench_lines(bench) == [
        "                 p50     p95     p99",
        "step           0.200   0.300   0.400",
        "whole note     0.500   0.600   0.750",
        "reading the weights once from memory: 0.100 ms, a step takes 2.0 times that",
        "a note-on on its wire: 0.96 ms; quicker than that",
    ]
    assert bench_lines(bench._replace(note=Times(1.5, 2, 3)))[-1].endswith(
        "take a smaller model if dense replies come late"
    )
