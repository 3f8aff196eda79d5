"""Inputs that tell the frame of each message, on a real JACK, played by a client that is not ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import PERIOD, RATE, JackServer

from musedaemon.errors import PortError
from musedaemon.midi.jack_ports import with_frame_times
from musedaemon.midi.ports import VIRTUAL_INPUT, PortSystem
from musedaemon.run.clock import SessionClock

pytestmark = pytest.mark.jack

IN = "musedaemon-in:musedaemon in"


class Heard(list[tuple[bytes, float]]):
    """A `Receive` that keeps all."""

    def __call__(self, data: bytes, at: float) -> None:
        self.append((data, at))

    def wait_for(self, count: int) -> list[bytes]:
        wait_until(lambda: len(self) >= count, 20.0, lambda: f"heard {len(self)} of {count}")
        return [data for data, _ in self]

    def frames(self) -> list[float]:
        """Of each message, since the first."""
        return [(at - self[0][1]) * RATE for _, at in self]


@pytest.fixture
def clock() -> SessionClock:
    return SessionClock()


@pytest.fixture
def system(jack_server: JackServer, clock: SessionClock) -> PortSystem:
    from musedaemon.midi.rtmidi_ports import open_port_system

    return with_frame_times(open_port_system("jack", time.perf_counter), clock)


def pulses(count: int) -> list[tuple[float, bytes]]:
    """A clock's, 1,001 frames apart, which no period is a part of."""
    return [(1_001 * index / RATE, b"\xf8") for index in range(count)]


@pytest.mark.parametrize("period", [64, 1024])
def test_what_comes_in_has_the_time_of_its_frame(system: PortSystem, jack_server: JackServer, period: int) -> None:
    heard = Heard()
    with jack_server.period(period), JackBench(jack_server) as bench:
        port = system.open_virtual_input(VIRTUAL_INPUT, heard)
        bench.play(pulses(100), into=IN)
        heard.wait_for(100)
        port.close()
    assert heard.frames() == pytest.approx([1_001.0 * index for index in range(100)], abs=1e-3)
    assert port.failure is None


def test_the_time_of_a_message_is_that_of_the_sessions_clock(
    system: PortSystem, clock: SessionClock, jack_server: JackServer
) -> None:
    heard = Heard()
    port = system.open_virtual_input(VIRTUAL_INPUT, heard)
    with JackBench(jack_server) as bench:
        before = clock.now()
        bench.play(pulses(10), into=IN)
        heard.wait_for(10)
        after = clock.now()
    port.close()
    times = [at for _, at in heard]
    assert times == sorted(times)
    # What comes in a period is handed over as it begins: a little early.
    assert before <= times[0] <= times[-1] <= after + PERIOD / RATE


def test_every_kind_of_message_comes_whole(system: PortSystem, jack_server: JackServer) -> None:
    messages = [b"\x90\x3c\x50", b"\x80\x3c\x40", b"\xb0\x40\x7f", b"\xe0\x01\x40", b"\xc0\x05", b"\xf8", b"\xfe"]
    messages += [bytes((0xF0, *[7] * 3_000, 0xF7)), b"\xf2\x10\x00", b"\xfa"]
    heard = Heard()
    port = system.open_virtual_input(VIRTUAL_INPUT, heard)
    with JackBench(jack_server) as bench:
        bench.play([(index / 50, data) for index, data in enumerate(messages)], into=IN)
        assert heard.wait_for(len(messages)) == messages
    port.close()


PLAY = """
import sys
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
with JackBench(JackServer(sys.argv[1]), "away") as bench:
    bench.play([(1_001 * index / 48_000, b"\\xf8") for index in range(100)], into=sys.argv[2])
    wait_until(lambda: bench.is_idle, 20.0, lambda: "it plays on")
    bench.wait_for_silence(0.1)
"""


def test_nothing_is_lost_while_this_process_does_something_else(system: PortSystem, jack_server: JackServer) -> None:
    """What a model does: beside rtmidi's callback it costs JACK's whole periods."""
    heard, enough = Heard(), threading.Event()

    def keep_the_lock() -> None:
        while not enough.is_set():
            sum(range(200_000))

    port = system.open_virtual_input(VIRTUAL_INPUT, heard)
    hogs = [threading.Thread(target=keep_the_lock) for _ in range(2)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.05)
    try:
        for hog in hogs:
            hog.start()
        path = os.pathsep.join(sys.path)
        player = [sys.executable, "-c", PLAY, jack_server.name, IN]
        subprocess.run(player, env=os.environ | {"PYTHONPATH": path}, check=True, timeout=60)
        heard.wait_for(100)
    finally:
        enough.set()
        sys.setswitchinterval(before)
        for hog in hogs:
            hog.join()
    port.close()
    assert heard.frames() == pytest.approx([1_001.0 * index for index in range(100)], abs=1e-3)


def test_real_ports_are_found_by_a_part_of_their_name(system: PortSystem, jack_server: JackServer) -> None:
    heard = Heard()
    with JackBench(jack_server, "Grand Piano") as bench:
        port = system.open_input("PIANO:P", heard)
        assert port.name == "Grand Piano:played"
        bench.send(pulses(3))
        assert heard.wait_for(3) == [b"\xf8"] * 3
        port.close()
        port.close()
        assert IN not in bench.port_names()
        with pytest.raises(PortError, match='"Organ"; there is "Grand Piano:played"'):
            system.open_input("Organ", heard)


def test_what_a_receiver_raises_is_kept_and_the_next_message_still_comes(
    system: PortSystem, jack_server: JackServer
) -> None:
    heard = Heard()

    def receive(data: bytes, at: float) -> None:
        if data == b"\xf8":
            raise ValueError("a bug")
        heard(data, at)

    port = system.open_virtual_input(VIRTUAL_INPUT, receive)
    with JackBench(jack_server) as bench:
        bench.play([(0.0, b"\xf8"), (0.01, b"\xfa")], into=IN)
        assert heard.wait_for(1) == [b"\xfa"]
    port.close()
    assert isinstance(port.failure, ValueError)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the process in /proc")
def test_a_process_that_ends_by_itself_is_noticed(system: PortSystem, jack_server: JackServer) -> None:
    before = children()
    port = system.open_virtual_input(VIRTUAL_INPUT, Heard())
    assert not port.is_gone
    [receiver] = children() - before
    os.kill(receiver, signal.SIGKILL)
    wait_until(lambda: port.is_gone, 20.0, lambda: "it is not noticed")
    port.close()
    assert not port.is_gone


@pytest.mark.skipif(sys.platform != "linux", reason="finds the process in /proc")
def test_what_is_held_is_let_go_where_its_end_may_have_passed_unheard(
    system: PortSystem, jack_server: JackServer, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    with jack_server.period(1024), JackBench(jack_server) as bench:  # it waits a while in each period
        before = children()
        port = system.open_virtual_input(VIRTUAL_INPUT, heard)
        [receiver] = children() - before
        bench.play([(0.0, b"\x90\x3c\x50"), (0.0, b"\xb0\x40\x7f"), (0.1, b"\x80\x3c\x40")], into=IN)
        heard.wait_for(2)
        os.kill(receiver, signal.SIGSTOP)
        try:
            wait_until(lambda: bench.is_idle, 60.0, lambda: "JACK waits for ever")
        finally:
            os.kill(receiver, signal.SIGCONT)
        let_go = heard.wait_for(4)[2:4]
        said = "ms of JACK's time passed unheard: what was held is let go"
        wait_until(lambda: said in caplog.text, 20.0, lambda: caplog.text)
        port.close()
    assert let_go == [b"\xb0\x40\x00", b"\x80\x3c\x40"]


def test_without_a_server_there_is_one_sentence(system: PortSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "musetest-nobody")
    with pytest.raises(PortError, match=r"^JACK does not answer \(.*\); start JACK and try again\.$"):
        system.open_virtual_input(VIRTUAL_INPUT, Heard())


def children() -> set[int]:
    """This process's."""
    told = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(number) for number in told.split()}
