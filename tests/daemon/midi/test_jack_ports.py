"""Outputs that leave at their frame, on a real JACK, heard by a client that is not ours."""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import pytest
from support.jack_bench import JackBench
from support.jack_server import JackServer
from support.own_python import run_python

from musedaemon.errors import PortError
from musedaemon.midi.jack_ports import with_frame_times
from musedaemon.midi.ports import VIRTUAL_OUTPUT, PortSystem
from musedaemon.run.clock import SessionClock

pytestmark = pytest.mark.jack

OUT = "musedaemon-out:musedaemon out"
CHORDS = [bytes((0x90, pitch, 100)) for pitch in range(36, 84)]
RELEASES = [bytes((0x80, pitch, 64)) for pitch in range(36, 84)]


def plain_system() -> PortSystem:
    from musedaemon.midi.rtmidi_ports import open_port_system

    return open_port_system("jack", time.perf_counter)


@pytest.fixture
def clock() -> SessionClock:
    return SessionClock()


@pytest.fixture
def system(jack_server: JackServer, clock: SessionClock) -> PortSystem:
    return with_frame_times(plain_system(), clock)


def data_of(recorded: list[tuple[float, bytes]]) -> list[bytes]:
    return [data for _, data in recorded]


@pytest.mark.parametrize("period", [64, 1024])
def test_a_grid_of_10_ms_is_exact_to_the_frame(
    system: PortSystem, clock: SessionClock, jack_server: JackServer, period: int
) -> None:
    with jack_server.period(period), JackBench(jack_server) as bench:
        port = system.open_virtual_output(VIRTUAL_OUTPUT)
        bench.listen_to(OUT)
        time.sleep(0.3)  # the two clocks get to know each other
        start = clock.now() + 0.2
        for index, data in enumerate([*CHORDS, *RELEASES]):
            port.send(data, start + index / 100)
        bench.wait_for(len(CHORDS) + len(RELEASES))
        port.close()
        frames = [frame for frame, data in bench.stamped]
    steps = [after - before for before, after in pairwise(frames)]
    assert {479, 480, 481}.issuperset(steps)
    assert data_of(bench.recorded) == [*CHORDS, *RELEASES]


def test_it_is_wanted_a_period_ahead_and_follows_a_new_period(system: PortSystem, jack_server: JackServer) -> None:
    port = system.open_virtual_output(VIRTUAL_OUTPUT)
    assert 64 / 48_000 < port.ahead_s < 0.01
    with jack_server.period(1024):
        deadline = time.monotonic() + 10
        while port.ahead_s < 1_024 / 48_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert 1_024 / 48_000 < port.ahead_s < 0.03
    port.close()


def test_what_is_to_leave_at_once_overtakes_what_waits(
    system: PortSystem, clock: SessionClock, jack_server: JackServer
) -> None:
    sysex = bytes((0xF0, *[7] * 5_000, 0xF7))
    with JackBench(jack_server) as bench:
        port = system.open_virtual_output(VIRTUAL_OUTPUT)
        bench.listen_to(OUT)
        port.send(CHORDS[0], clock.now() + 3.0)  # a busy machine may be late with the others
        port.send(CHORDS[1])
        port.send(sysex)
        port.send(CHORDS[2], clock.now() - 1.0)
        recorded = bench.wait_for(4)
        port.close()
    assert data_of(recorded) == [CHORDS[1], sysex, CHORDS[2], CHORDS[0]]


@pytest.mark.parametrize("period", [64, 1024])
def test_close_delivers_all_the_future_too(
    system: PortSystem, clock: SessionClock, jack_server: JackServer, period: int
) -> None:
    with jack_server.period(period), JackBench(jack_server) as bench:
        port = system.open_virtual_output(VIRTUAL_OUTPUT)
        bench.listen_to(OUT)
        for data in CHORDS:
            port.send(data)
        for data in RELEASES:
            port.send(data, clock.now() + 0.1)
        port.close()
        port.close()
        recorded = bench.wait_for_silence(0.1)
    assert data_of(recorded) == [*CHORDS, *RELEASES]
    with pytest.raises(PortError, match="is closed"):
        port.send(CHORDS[0])


def test_a_panic_of_2048_note_offs_arrives_whole(system: PortSystem, jack_server: JackServer) -> None:
    panic = [bytes((0x80 + channel, pitch, 0)) for channel in range(16) for pitch in range(128)]
    with JackBench(jack_server) as bench:
        port = system.open_virtual_output(VIRTUAL_OUTPUT)
        bench.listen_to(OUT)
        for data in panic:
            port.send(data)
        port.close()
        recorded = bench.wait_for_silence(0.1)
    assert list(dict.fromkeys(data_of(recorded))) == panic  # those of a late period come twice


def test_long_messages_wait_for_room_and_what_no_period_holds_is_told(
    system: PortSystem, jack_server: JackServer, caplog: pytest.LogCaptureFixture
) -> None:
    fits, too_long = (bytes((0xF0, *[7] * length, 0xF7)) for length in (20_000, 60_000))
    with JackBench(jack_server) as bench:
        port = system.open_virtual_output(VIRTUAL_OUTPUT)
        bench.listen_to(OUT)
        for data in (fits, fits, too_long, RELEASES[0]):
            port.send(data)
        port.close()
        recorded = bench.wait_for_silence(0.1)
    assert data_of(recorded) == [fits, fits, RELEASES[0]]
    assert "JACK has no room for a message of 60002 bytes" in caplog.text


def test_real_ports_are_found_by_a_part_of_their_name(system: PortSystem, jack_server: JackServer) -> None:
    with JackBench(jack_server, "Grand Piano") as bench:
        port = system.open_output("PIANO:H")
        assert port.name == "Grand Piano:heard"
        assert OUT in bench.port_names()
        port.send(CHORDS[1])
        assert data_of(bench.wait_for(1)) == [CHORDS[1]]
        port.close()
        assert OUT not in bench.port_names()
        with pytest.raises(PortError, match='"Organ"; there is "Grand Piano:heard"'):
            system.open_output("Organ")


def test_a_port_of_our_own_tells_when_somebody_listens(system: PortSystem, jack_server: JackServer) -> None:
    port = system.open_virtual_output(VIRTUAL_OUTPUT)
    assert port.listener is not None
    assert not port.listener.is_set()
    with JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        assert port.listener.wait(20)
    port.close()


def test_a_port_that_has_ended_is_waited_for_no_more(system: PortSystem) -> None:
    port = system.open_virtual_output(VIRTUAL_OUTPUT)
    assert port.listener is not None
    port.close()
    assert port.listener.wait(20)


def test_without_a_server_there_is_one_sentence(system: PortSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "musetest-nobody")
    with pytest.raises(PortError, match=r"^JACK does not answer \(.*\); start JACK and try again\.$"):
        system.open_virtual_output(VIRTUAL_OUTPUT)


def test_without_the_extra_the_system_stays_as_it_is(jack_server: JackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "musedaemon.midi.jack_client", raising=False)
    monkeypatch.setitem(sys.modules, "jack", None)
    plain = plain_system()
    assert with_frame_times(plain, SessionClock()) is plain


LOSE_THE_SERVER = """
import sys, time
from musedaemon.errors import PortError
from musedaemon.midi.jack_ports import with_frame_times
from musedaemon.midi.rtmidi_ports import open_port_system
from musedaemon.run.clock import SessionClock
from support.jack_server import running_server

with running_server(sys.argv[1]):
    system = with_frame_times(open_port_system("jack", time.perf_counter), SessionClock())
    used, unused = system.open_virtual_output("used"), system.open_virtual_output("unused")
    used.send(bytes((0x90, 60, 100)))
for _ in range(1_000):
    try:
        used.send(bytes((0x80, 60, 64)))
    except PortError as error:
        print(error)
        break
    time.sleep(0.01)
began = time.monotonic()
used.close()
unused.close()
print("closed in time" if time.monotonic() - began < 1.0 else "closed too late")
"""


STALL_THE_SERVER = """
import os, signal, sys, time
from pathlib import Path
from musedaemon.errors import PortError
from musedaemon.midi.jack_ports import with_frame_times
from musedaemon.midi.rtmidi_ports import open_port_system
from musedaemon.run.clock import SessionClock
from support.jack_server import running_server

with running_server(sys.argv[1]):
    server = int(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[0])
    system = with_frame_times(open_port_system("jack", time.perf_counter), SessionClock())
    port = system.open_virtual_output("used")
    os.kill(server, signal.SIGSTOP)
    try:
        for count in range(200_000):
            port.send(bytes((0x80 + count % 16, 60, 64)))
            time.sleep(0.0002)
    except PortError as error:
        print(error)
    finally:
        os.kill(server, signal.SIGCONT)
    port.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="finds the server in /proc")
def test_a_server_that_stands_still_is_given_up_before_memory_fills(jack_server: JackServer) -> None:
    run = run_python(STALL_THE_SERVER, f"{jack_server.name}-stalled", timeout_s=110.0)
    assert run.returncode == 0, run.stderr
    assert "takes nothing any more" in run.stdout or "stood still" in run.stdout


def test_a_server_that_dies_is_told_and_close_does_not_wait_for_it(jack_server: JackServer) -> None:
    run = run_python(LOSE_THE_SERVER, f"{jack_server.name}-mortal")
    assert run.returncode == 0, run.stderr
    told, closed = run.stdout.splitlines()
    assert told.startswith("JACK takes no more notes (")
    assert closed == "closed in time"
