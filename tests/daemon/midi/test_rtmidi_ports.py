"""The daemon's ports on a real MIDI bus, against a player and a recorder that are not rtmidi."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer

from musedaemon.errors import PortError
from musedaemon.midi.ports import VIRTUAL_INPUT, VIRTUAL_OUTPUT, PortSystem

pytestmark = pytest.mark.jack

IN = "musedaemon-in:musedaemon in"
OUT = "musedaemon-out:musedaemon out"
CHORDS = [bytes((0x90, pitch, 100)) for pitch in range(36, 84)]
RELEASES = [bytes((0x80, pitch, 64)) for pitch in range(36, 84)]


@pytest.fixture
def system(jack_server: JackServer) -> PortSystem:
    return open_system("jack")


def open_system(api: str) -> PortSystem:
    """Imported late: where rtmidi's libraries are missing, these tests are skipped for want of JACK."""
    from musedaemon.midi.rtmidi_ports import open_port_system

    return open_port_system(api, time.monotonic)


class Heard(list[tuple[bytes, float]]):
    """A `Receive` that keeps all."""

    def __call__(self, data: bytes, at: float) -> None:
        self.append((data, at))

    def wait_for(self, count: int) -> list[bytes]:
        wait_until(lambda: len(self) >= count, 10.0, lambda: f"heard {len(self)} of {count}")
        return [data for data, _ in self]


def test_a_virtual_input_hears_every_message_of_a_phrase_as_it_was_played(
    system: PortSystem, jack_server: JackServer
) -> None:
    phrase = [(index / 200, data) for index, data in enumerate([*CHORDS, *RELEASES])]
    phrase += [(0.6, b"\xb0\x40\x7f"), (0.61, b"\xe0\x01\x40"), (0.62, b"\xf8"), (0.63, b"\xf0\x01\x02\x03\xf7")]
    heard = Heard()
    port = system.open_virtual_input(VIRTUAL_INPUT, heard)
    with JackBench(jack_server) as bench:
        began = time.monotonic()
        bench.play([*phrase, (0.64, b"\xfe"), (0.65, b"\xfc")], into=IN)
        messages = heard.wait_for(len(phrase) + 2)
        ended = time.monotonic()
    port.close()
    assert messages == [*(data for _, data in phrase), b"\xfe", b"\xfc"]
    times = [at for _, at in heard]
    assert times == sorted(times)
    assert began <= times[0] <= times[-1] <= ended
    assert port.failure is None


def test_the_wait_of_a_callback_is_not_in_the_time_of_its_message(
    system: PortSystem, jack_server: JackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = iter([0.0, *[0.1, 0.02, 0.06] * 7])
    monkeypatch.setattr(system, "_now", lambda: time.monotonic() + next(waits))  # as if the lock came so much later
    heard = Heard()
    port = system.open_virtual_input(VIRTUAL_INPUT, heard)
    with JackBench(jack_server) as bench:
        bench.play([(index * 0.02, b"\xf8") for index in range(22)], into=IN)
        heard.wait_for(22)
    port.close()
    # Generous: in the steps between the times as they arrived there are 60 ms of waiting.
    assert max(abs(at - heard[0][1] - 0.02 * index) for index, (_, at) in enumerate(heard)) < 0.015


def test_a_virtual_output_is_heard_by_another_client(system: PortSystem, jack_server: JackServer) -> None:
    port = system.open_virtual_output(VIRTUAL_OUTPUT)
    sysex = bytes((0xF0, *[7] * 500, 0xF7))
    with JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        for data in (*CHORDS, sysex, b"\xc3\x05", b"\xfa"):
            port.send(data)
        recorded = bench.wait_for(len(CHORDS) + 3)
    port.close()
    assert [data for _, data in recorded] == [*CHORDS, sysex, b"\xc3\x05", b"\xfa"]


def test_real_ports_are_listed_and_found_by_a_part_of_their_name(system: PortSystem, jack_server: JackServer) -> None:
    heard = Heard()
    with JackBench(jack_server, "Grand Piano") as bench:
        assert "Grand Piano:played" in system.input_names()
        assert "Grand Piano:heard" in system.output_names()
        input_port, output_port = system.open_input("grand", heard), system.open_output("PIANO:H")
        assert (input_port.name, output_port.name) == ("Grand Piano:played", "Grand Piano:heard")
        assert {IN, OUT} <= set(bench.port_names())
        bench.play([(0.0, CHORDS[0])], into=IN)
        assert heard.wait_for(1) == [CHORDS[0]]
        output_port.send(CHORDS[1])
        assert [data for _, data in bench.wait_for(1)] == [CHORDS[1]]
        input_port.close()
        output_port.close()
        assert not {IN, OUT} & set(bench.port_names())


def test_an_unknown_port_is_refused_with_those_there_are(system: PortSystem, jack_server: JackServer) -> None:
    with JackBench(jack_server, "Grand Piano"):
        with pytest.raises(PortError, match='"Organ"; there is "Grand Piano:heard"'):
            system.open_output("Organ")
        with pytest.raises(PortError, match='"Organ"; there is "Grand Piano:played"'):
            system.open_input("Organ", Heard())
    assert not [name for name in system.output_names() if "musedaemon" in name]


SEND_AND_CLOSE = """
import sys, time
from musedaemon.midi.rtmidi_ports import open_port_system
port = open_port_system("jack", time.monotonic).open_virtual_output("musedaemon out")
for data in sys.stdin.readline().split():
    port.send(bytes.fromhex(data))
port.close()
"""


def send_and_close_at_once(bench: JackBench, messages: list[bytes]) -> None:
    """In a process of its own: rtmidi's close keeps the interpreter lock, which the recorder of this one needs."""
    sender = subprocess.Popen([sys.executable, "-c", SEND_AND_CLOSE], stdin=subprocess.PIPE, text=True)
    bench.listen_to(OUT)
    sender.communicate(" ".join(data.hex() for data in messages) + "\n", timeout=30)
    assert sender.returncode == 0


@pytest.mark.parametrize("period", [64, 1024])
def test_close_delivers_the_last_note_offs(jack_server: JackServer, period: int) -> None:
    with jack_server.period(period), JackBench(jack_server) as bench:
        for _ in range(3):
            send_and_close_at_once(bench, [*CHORDS, *RELEASES])
        recorded = bench.wait_for_silence(0.1)
    assert [data for _, data in recorded] == [*CHORDS, *RELEASES] * 3


def test_a_panic_of_2048_note_offs_arrives_whole(jack_server: JackServer) -> None:
    panic = [bytes((0x80 + channel, pitch, 0)) for channel in range(16) for pitch in range(128)]
    with JackBench(jack_server) as bench:
        send_and_close_at_once(bench, panic)
        recorded = bench.wait_for_silence(0.1)
    assert [data for _, data in recorded] == panic


def test_our_own_two_ports_carry_a_phrase_from_one_to_the_other(system: PortSystem) -> None:
    heard = Heard()
    output = system.open_virtual_output(VIRTUAL_OUTPUT)
    listener = system.open_input(OUT, heard)
    for data in (*CHORDS, *RELEASES):
        output.send(data)
    assert heard.wait_for(len(CHORDS) + len(RELEASES)) == [*CHORDS, *RELEASES]
    output.close()
    listener.close()


def test_closing_twice_is_fine_and_sending_after_it_is_told(system: PortSystem) -> None:
    output, listener = system.open_virtual_output(VIRTUAL_OUTPUT), system.open_virtual_input(VIRTUAL_INPUT, Heard())
    for port in (output, listener, output, listener):
        port.close()
    with pytest.raises(PortError, match="is closed"):
        output.send(CHORDS[0])


def test_what_a_receiver_raises_is_kept_and_the_next_message_still_comes(
    system: PortSystem, jack_server: JackServer
) -> None:
    heard: list[bytes] = []

    def receive(data: bytes, _at: float) -> None:
        if not heard:
            heard.append(b"")
            raise ZeroDivisionError("first")
        heard.append(data)

    port = system.open_virtual_input(VIRTUAL_INPUT, receive)
    with JackBench(jack_server) as bench:
        bench.play([(0.0, CHORDS[0]), (0.01, CHORDS[1])], into=IN)
        wait_until(lambda: len(heard) == 2, 10.0, lambda: f"heard {heard}")
    port.close()
    assert heard == [b"", CHORDS[1]]
    assert isinstance(port.failure, ZeroDivisionError)


FLOOD = """
import time
from musedaemon.midi.rtmidi_ports import open_port_system
port = open_port_system("jack", time.monotonic).open_virtual_output("flood")
while True:
    port.send(bytes((0xB0, 1, 1)))
    time.sleep(0.0003)
"""


@pytest.mark.timeout(60)
def test_ports_close_in_the_middle_of_a_flood(system: PortSystem, jack_server: JackServer) -> None:
    flood = subprocess.Popen([sys.executable, "-c", FLOOD])
    try:
        with JackBench(jack_server, "witness") as witness:
            witness.wait_for_port("flood:flood")
        for _ in range(10):
            heard = Heard()
            listener, output = system.open_input("flood", heard), system.open_virtual_output(VIRTUAL_OUTPUT)
            heard.wait_for(5)
            output.close()  # the worse order: while it closes, the input's callback waits for the interpreter lock
            listener.close()
            count = len(heard)
            time.sleep(0.01)  # thirty messages of the flood
            assert len(heard) == count
    finally:
        flood.kill()
        flood.wait()


def test_a_message_that_no_port_takes_is_told(system: PortSystem) -> None:
    port = system.open_virtual_output(VIRTUAL_OUTPUT)
    with pytest.raises(PortError, match="took no message"):
        port.send(b"")
    port.close()


def test_auto_takes_jack_where_alsa_has_no_sequencer(jack_server: JackServer) -> None:
    expected = "ALSA" if os.path.exists("/dev/snd/seq") else "JACK"  # noqa: PTH110  # no path object for one question
    assert open_system("auto").api == expected
