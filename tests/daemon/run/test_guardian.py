"""The guardian: the daemon is killed in mid-chord, and nothing hangs. Twenty times: benchmarks/guardian.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
from support.midi_balance import unbalanced

from musedaemon.errors import PortError
from musedaemon.midi.guarded_ports import with_guardian
from musedaemon.midi.ports import VIRTUAL_OUTPUT, PortSystem

IN, OUT = "musedaemon-in:musedaemon in", "musedaemon-out:musedaemon out"
ASSETS = Path(__file__).parents[2] / "assets"
CHORD = [bytes((0x90, pitch, 80)) for pitch in (48, 55, 60, 64, 67)]
PEDAL_DOWN, PEDAL_UP = b"\xb0\x40\x7f", b"\xb0\x40\x00"
DAEMON = """
import sys
sys.modules["jack"] = None  # as if JACK-Client were not installed
from musedaemon.cli.main import main
sys.exit(main())
"""


@contextmanager
def daemon(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    settings = ["--config", str(ASSETS / "long_replies.toml"), "--api", "jack", "--hand-over", "5", *options]
    process = subprocess.Popen([sys.executable, "-c", DAEMON, *settings], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def system(jack_server: JackServer) -> PortSystem:
    from musedaemon.midi.rtmidi_ports import open_port_system

    return with_guardian(open_port_system("jack", time.perf_counter), time.perf_counter)


@pytest.mark.jack
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_daemon_that_dies_in_mid_chord_leaves_nothing_on(jack_server: JackServer, number: signal.Signals) -> None:
    with daemon() as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play([(0.0, data) for data in (*CHORD, PEDAL_DOWN)], into=IN)
        bench.wait_for(len(CHORD) + 1, patience=20)
        died = time.monotonic()
        process.send_signal(number)
        recorded = [data for _, data in bench.wait_for(2 * len(CHORD) + 2)]
        took = time.monotonic() - died
        wait_until(lambda: OUT not in bench.port_names(), 10.0, lambda: "the guardian did not end")
    assert unbalanced(recorded) == {}
    assert recorded[-1 - len(CHORD)] == PEDAL_UP
    assert took < 1.0  # measured: 30 ms; a dump of core may come before


@pytest.mark.jack
def test_a_port_that_is_not_ours_is_released_as_well(jack_server: JackServer) -> None:
    with JackBench(jack_server, "synth") as bench, daemon("--out", "synth:heard") as process:
        bench.play([(0.0, data) for data in CHORD], into=IN)
        bench.wait_for(len(CHORD), patience=20)
        process.kill()
        recorded = [data for _, data in bench.wait_for(2 * len(CHORD))]
    assert unbalanced(recorded) == {}


@pytest.mark.jack
def test_a_burst_arrives_whole_and_close_delivers_the_last(system: PortSystem, jack_server: JackServer) -> None:
    panic = [bytes((0x80 + channel, pitch, 0)) for channel in range(16) for pitch in range(128)]
    with JackBench(jack_server) as bench:
        port = system.open_virtual_output(VIRTUAL_OUTPUT)
        bench.listen_to(OUT)
        for data in panic:
            port.send(data)
        port.close()
        port.close()
        recorded = [data for _, data in bench.wait_for_silence(0.1)]
    assert recorded == panic
    with pytest.raises(PortError, match="is closed"):
        port.send(panic[0])


@pytest.mark.jack
def test_a_message_too_long_is_told_and_the_next_one_arrives(
    system: PortSystem, jack_server: JackServer, caplog: pytest.LogCaptureFixture
) -> None:
    with JackBench(jack_server) as bench:
        port = system.open_virtual_output(VIRTUAL_OUTPUT)
        bench.listen_to(OUT)
        port.send(bytes((0xF0, *[7] * 70_000, 0xF7)))
        port.send(CHORD[0])
        bench.wait_for(1)
        port.close()
    assert bench.recorded[0][1] == CHORD[0]
    assert "no room for a message of 70002 bytes" in caplog.text


@pytest.mark.jack
def test_a_guardian_that_dies_is_told(system: PortSystem, jack_server: JackServer) -> None:
    port = system.open_virtual_output(VIRTUAL_OUTPUT)
    os.kill(port._process._process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
    port._process._process.wait()  # type: ignore[attr-defined]
    with pytest.raises(PortError, match=r"^The process that sends to the MIDI port .* is gone"):
        port.send(CHORD[0])
    port.close()


@pytest.mark.jack
def test_what_cannot_be_opened_is_said_as_without_it(jack_server: JackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from musedaemon.midi.rtmidi_ports import open_port_system

    system = with_guardian(open_port_system("jack", time.perf_counter), time.perf_counter)
    with pytest.raises(PortError, match='"no such synth"'):
        system.open_output("no such synth")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "musetest-nobody")
    with pytest.raises(PortError, match=r"^JACK does not answer \(.*\); start JACK"):
        system.open_virtual_output(VIRTUAL_OUTPUT)


WHAT_IT_LOADS = """
import sys
import musedaemon.run.guardian
print([name for name in ("numpy", "onnxruntime", "mido", "jack") if name in sys.modules])
"""


def test_it_loads_neither_numpy_nor_a_model() -> None:
    pytest.importorskip("rtmidi", exc_type=ImportError)
    run = subprocess.run([sys.executable, "-c", WHAT_IT_LOADS], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
