"""Much that may go wrong on a stage, over JACK. Twenty minutes of it, and all of it: benchmarks/soak.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.jack_server import JackServer
from support.soak import Plan, soak
from support.soak_table import faults_of, table

TINY = Path(__file__).parents[2] / "assets" / "tiny.onnx"


@pytest.mark.jack
@pytest.mark.timeout(400)
def test_after_every_fault_nothing_hangs_no_take_is_lost_and_the_next_phrase_is_answered(
    jack_server: JackServer, tmp_path: Path
) -> None:
    plan = Plan(
        seconds=0.0,
        seed=1,
        longest_s=0.6,
        faults=("keyboard unplugged", "synth unplugged", "JACK server killed", "listener stopped", "garbage"),
        rests=0.0,
        options=("--model", str(TINY), "--seed", "1", "--hand-over", "0.3", "--length", "0.5"),
    )
    sums = soak(tmp_path, f"{jack_server.name}-soak", plan, print)
    print(table(sums))
    assert faults_of(sums) == []
