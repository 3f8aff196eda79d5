"""Our side of JACK, without a server: what real ones seldom do."""

from __future__ import annotations

import signal

import pytest
from support import fake_jack
from support.own_python import run_python

from musedaemon.errors import PortError
from musedaemon.midi.frame_clock import FrameReading

pytest.importorskip("jack", exc_type=ImportError)

RATE = 48_000
PERIOD = 64
DAY = 2**32


class Told(list[object]):
    """All that an input tells, in order: readings, messages with their frames, and what was missed."""

    def reading(self, reading: FrameReading, rate: int) -> None:
        self.append(f"a reading at {rate}")

    def message(self, frame: float, data: bytes) -> None:
        self.append((frame - DAY, data))

    def missed(self, frame: float, messages: int, seconds: float) -> None:
        self.append((frame - DAY, f"missed {messages} messages, {round(1000 * seconds)} ms"))


class FakeTime:
    """The module `time`; only who waits makes it pass."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def perf_counter(self) -> float:
        return self.seconds

    monotonic = perf_counter

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    from musedaemon.midi import jack_client

    machine = FakeTime()
    monkeypatch.setattr(jack_client, "jack", fake_jack)
    monkeypatch.setattr(jack_client, "time", machine)
    return machine


@pytest.fixture
def told(machine: FakeTime) -> Told:
    return Told()


def opened(told: Told) -> fake_jack.Client:
    from musedaemon.midi.jack_input import JackInput

    JackInput("in", lambda: None, told.message, told.reading, told.missed, pytest.fail)
    return fake_jack.Client.latest


def serve(client: fake_jack.Client, machine: FakeTime, frame: int, *data: bytes, lost: int = 0) -> None:
    """A period that begins at that frame, a period's time after the one before."""
    port = client.midi_inports.latest
    assert port is not None
    port.comes, port.lost_midi_events = [(3, one) for one in data], lost
    client.last_frame_time = frame
    machine.sleep(PERIOD / RATE)
    client.serve(PERIOD)


def test_the_frames_are_told_before_the_first_message_of_the_first_period(told: Told, machine: FakeTime) -> None:
    serve(opened(told), machine, 64, b"\xf8")
    assert told == ["a reading at 48000", (67, b"\xf8")]


def test_frames_go_on_where_another_device_leads_jack_and_counts_otherwise(told: Told, machine: FakeTime) -> None:
    client = opened(told)
    for frame in (64, 128, 9_000_000, 9_000_064, 1_000, 1_064):
        serve(client, machine, frame, b"\xf8")
    assert [one for one in told if one != "a reading at 48000"] == [(64 * n + 3, b"\xf8") for n in range(1, 7)]


def test_frames_leap_with_the_machines_time_and_stand_still_with_the_server(told: Told, machine: FakeTime) -> None:
    client = opened(told)
    machine.sleep(1.0)
    serve(client, machine, 64 + RATE, b"\xf8")
    machine.sleep(1.0)
    serve(client, machine, 128 + RATE, b"\xf8")
    assert [one for one in told if isinstance(one, tuple) and one[1] == b"\xf8"] == [
        (64 + RATE + 3, b"\xf8"),
        (128 + RATE + 3, b"\xf8"),
    ]


def test_periods_that_passed_unheard_and_messages_without_room_are_told_in_their_place(
    told: Told, machine: FakeTime
) -> None:
    client = opened(told)
    serve(client, machine, 64)
    machine.sleep(0.05)
    serve(client, machine, 128 + 2_400, b"\xf8", lost=2)
    serve(client, machine, 192 + 2_400 + 640, b"\xfa")  # one is late now and then on a busy machine
    assert [one for one in told if one != "a reading at 48000"] == [
        (2_528, "missed 0 messages, 50 ms"),
        (2_531, b"\xf8"),
        (2_592, "missed 2 messages, 0 ms"),
        (3_235, b"\xfa"),
    ]


def test_a_port_that_is_refused_leaves_the_server(told: Told, machine: FakeTime) -> None:
    from musedaemon.midi.jack_input import JackInput

    port = JackInput("in", lambda: None, told.message, told.reading, told.missed, pytest.fail)
    with pytest.raises(PortError, match=r'does not connect to "keys:out" \(no such port\)'):
        port.connect("keys:out")
    assert fake_jack.Client.latest.is_closed


def test_a_server_that_stands_still_gets_no_port(
    told: Told, machine: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_jack.Client, "serves_at_once", False)
    with pytest.raises(PortError, match=r"^JACK stands still; end the program that holds it up"):
        opened(told)
    assert fake_jack.Client.latest.is_closed


STUCK = """
import time
from support import fake_jack
from musedaemon.midi import jack_client
from musedaemon.midi.jack_input import JackInput
jack_client.jack, jack_client._LEAVES_WITHIN_S = fake_jack, 0.1
fake_jack.Client.close = lambda self: time.sleep(60)
JackInput("in", print, print, print, print, print).close()
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an alarm")
def test_a_process_that_libjack_does_not_let_go_is_ended_by_the_system() -> None:
    stuck = run_python(STUCK, timeout_s=30.0)
    assert stuck.returncode == -signal.SIGALRM, stuck.stderr
