"""A file that plays into a port of musedaemon's own over JACK: for whom?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.jack_bench import JackBench
from support.jack_server import JackServer
from support.live_daemon import OUT, PITCHES, daemon, data_of, next_line
from support.midi_balance import note_ons
from support.written import save_line

pytestmark = pytest.mark.jack


def test_a_file_waits_at_a_port_of_its_own_until_somebody_listens(jack_server: JackServer, tmp_path: Path) -> None:
    source = tmp_path / "call.mid"
    save_line(source, PITCHES)
    with daemon("--in", str(source)) as process, JackBench(jack_server) as bench:
        next_line(process, 'port "musedaemon out" waits until an instrument listens to it')
        bench.listen_to(OUT)
        out, err = process.communicate(timeout=30)
        recorded = bench.wait_for_silence(0.2)
    assert (process.returncode, err) == (0, "")
    assert [data[1] for data in note_ons(data_of(recorded))][: len(PITCHES)] == list(PITCHES)
    assert f"{len(PITCHES)} notes heard" in out


@pytest.mark.usefixtures("jack_server")
def test_a_file_plays_at_once_at_a_port_that_cannot_tell_who_listens(tmp_path: Path) -> None:
    source = tmp_path / "call.mid"
    save_line(source, PITCHES)
    (tmp_path / "jack.py").write_text("raise ImportError('no JACK-Client here')")
    without = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with daemon("--in", str(source), environment=without) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert out.startswith('port "musedaemon out" plays at once: an instrument that listens to it later misses')
