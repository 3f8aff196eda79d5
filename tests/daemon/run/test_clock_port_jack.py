"""A keyboard and the clock's master on two ports of a real MIDI bus, the daemon a process of its own."""

from __future__ import annotations

import pytest
from support.jack_bench import JackBench, Timed
from support.jack_server import JackServer
from support.live_daemon import PHRASE, daemon, data_of, finish, next_line

pytestmark = pytest.mark.jack

ENDS = ("--in", "keys:played", "--out", "synth:heard", "--clock-in", "drums:played")
PULSE = b"\xf8"


def clock(bpm: float, seconds: float) -> list[Timed]:
    """Start, and the pulses of so many seconds."""
    pulse = 60.0 / bpm / 24
    return [(0.05, b"\xfa"), *((0.1 + index * pulse, PULSE) for index in range(int(seconds / pulse)))]


def test_the_first_reply_note_is_on_the_masters_bar_and_the_keyboards_clock_counts_for_nothing(
    jack_server: JackServer,
) -> None:
    beats = [(0.5 * beat, bytes((0x99, 36, 100))) for beat in range(24)]  # what the drum machine plays is no call
    with (
        JackBench(jack_server, "keys") as keys,
        JackBench(jack_server, "drums") as drums,
        JackBench(jack_server, "synth") as synth,
        daemon(*ENDS, "--no-thru", "--start-on", "bar") as process,
    ):
        assert next_line(process, "no MIDI").startswith('no MIDI clock on "drums:played" yet; until it comes')
        synth.listen_to("drums:played")  # so that both are told in the frames of one recorder
        drums.send(sorted([*clock(120.0, 12.0), *beats]))
        next_line(process, "the MIDI clock runs at ")
        keys.send(sorted([*clock(87.0, 8.0), *((at + 0.5, data) for at, data in PHRASE)]))
        turn = next_line(process, "turn 1")
        assert f"{len(PHRASE) // 2} notes heard" in finish(process)
        stamped = synth.stamped
    first_pulse = next(frame for frame, data in stamped if data == PULSE)
    first_note = next(frame for frame, data in stamped if data[0] == 0x90)
    bars = (first_note - first_pulse) / jack_server.rate / 2.0
    assert bars == pytest.approx(round(bars), abs=0.005)  # 10 ms
    assert sum(data == b"\xfa" for _, data in stamped) == 1  # the master's own: neither Start is passed on
    assert float(turn.split()[2]) == pytest.approx(120.0, abs=1.0)


def test_a_master_that_is_unplugged_lets_no_key_go_and_is_heard_again_when_it_is_back(jack_server: JackServer) -> None:
    with (
        JackBench(jack_server, "keys") as keys,
        JackBench(jack_server, "synth") as synth,
        daemon(*ENDS, "--wait-for-ports") as process,
    ):
        next_line(process, 'port "drums:played" is not there yet')
        for word in ("there", "back"):
            with JackBench(jack_server, "drums") as drums:
                next_line(process, f'port "drums:played" is {word}')
                drums.send(clock(120.0, 2.0))
                next_line(process, "the MIDI clock runs at ")
                keys.send([(0.0, bytes((0x90, 40, 80)))])
                synth.wait_for(1, patience=30)
            next_line(process, 'port "drums:played" is gone, waiting for it')
            assert data_of(synth.wait_for_silence(0.7)) == [bytes((0x90, 40, 80))]
            keys.send([(0.0, bytes((0x80, 40, 64)))])
            synth.wait_for(2, patience=30)
            next_line(process, "turn ")
            synth.wait_for_silence(0.3)
            synth.take_heard()
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert "1 reconnection." in out
    assert err.count("the MIDI clock has fallen silent without Stop") == err.count("\n") == 2
