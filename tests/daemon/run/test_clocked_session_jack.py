"""Sessions along a clock, and with our own, over JACK."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
from support.live_daemon import ASSETS, IN, OUT, PHRASE, daemon, data_of, finish, next_line
from support.midi_balance import unbalanced

pytestmark = pytest.mark.jack


def clocked(bpm: float, beats: int) -> list[tuple[float, bytes]]:
    """Start, and the pulses of so many beats from 0.5 s on."""
    pulse = 60.0 / bpm / 24
    return [(0.45, b"\xfa"), *((0.5 + index * pulse, b"\xf8") for index in range(beats * 24))]


def test_along_a_midi_clock_the_reply_begins_on_the_bar(jack_server: JackServer) -> None:
    call = [(at + 1.0, data) for at, data in PHRASE]
    with daemon("--no-thru", "--clock", "midi", "--start-on", "bar") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        assert next_line(process, "no MIDI").startswith('no MIDI clock on "musedaemon in" yet; until it comes')
        start = bench.play([*clocked(120.0, 30), *call], into=IN)
        next_line(process, "the MIDI clock runs at ")
        turn = next_line(process, "turn 1")
        recorded = bench.wait_for_silence(0.3)
        finish(process)
    bars = (note_ons_at(recorded)[0] - start - 0.5) / 2.0
    assert bars == pytest.approx(round(bars), abs=0.03)
    bpm = float(turn.split()[2])
    assert bpm == pytest.approx(120.0, abs=6.0)  # the dummy driver loses time on a busy machine


def test_our_own_clock_counts_in_clicks_and_stops_those_who_follow(jack_server: JackServer) -> None:
    options = ("--clock", "internal", "--metronome", "10", "--count-in", "1")
    with daemon(*options) as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.wait_for(24 * 12, patience=30)
        finish(process)
        recorded = bench.wait_for_silence(0.3)
    data = data_of(recorded)
    assert data.count(b"\xfa") <= 1  # it may have left before we listened
    # Of the clock alone: the note-off of a click whose note-on waits for its frame comes after the Stop.
    assert [one for one in data if one[0] in (0xF8, 0xFC)][-1] == b"\xfc"
    clicks = [(at, one) for at, one in recorded if one[0] == 0x99]
    accents = [one[1] for _, one in clicks]
    first_bar = accents.index(76)
    assert accents[first_bar : first_bar + 5] == [76, 77, 77, 77, 76]
    assert unbalanced([one for one in data if one[0] < 0xF0]) == {}


def test_buttons_stop_our_clock_and_let_it_go_on(jack_server: JackServer) -> None:
    with daemon("--clock", "internal") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.wait_for(24, patience=30)
        bench.play([(0.0, b"\xfc"), (0.5, b"\xfb")], into=IN)
        next_line(process, "the clock has stopped")
        next_line(process, "the clock runs at ")
        finish(process)
        recorded = bench.wait_for_silence(0.3)
    data = data_of(recorded)
    assert [one for one in data if one not in (b"\xf8", b"\xfa")] == [b"\xfc", b"\xfb", b"\xfc"]
    assert b"\xf8" in data[data.index(b"\xfc") : data.index(b"\xfb")]  # it pulses while it is stopped


def test_taps_on_a_key_turn_the_tempo_of_our_clock(jack_server: JackServer, tmp_path: Path) -> None:
    config = tmp_path / "tap.toml"
    config.write_text(f"[model]\npath = '{ASSETS / 'tiny.onnx'}'\nseed = 1\n[tempo]\ntap_key = 21\n")
    taps = [
        event for tap in range(5) for event in ((0.3 * tap, bytes((0x90, 21, 90))), (0.3 * tap + 0.1, b"\x80\x15\x40"))
    ]
    with daemon("--clock", "internal", "--config", str(config)) as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.wait_for(24, patience=30)
        tapped_at = bench.play(taps, into=IN) + taps[-1][0]
        wait_until(lambda: bench.now() > tapped_at + 1.5, 30, lambda: "the bench's clock stands still")
        assert "the clock is tapped to " in finish(process)
        recorded = bench.wait_for_silence(0.3)
    pulses = [at for at, data in recorded if data == b"\xf8" and tapped_at + 0.2 < at]
    assert 60.0 / 24 * (len(pulses) - 1) / (pulses[-1] - pulses[0]) == pytest.approx(200.0, rel=0.03)
    assert not [data for data in data_of(recorded) if data[0] & 0xF0 == 0x90]  # a tap is no music and is not passed on


def test_a_ramp_of_the_clock_is_followed_and_stop_ends_every_note(jack_server: JackServer) -> None:
    """From 100 to 140 bpm in 16 beats; the onsets of three replies lie on pulses, which are the model's ticks."""
    periods = [60.0 / (100.0 + min(index / 24 / 16, 1.0) * 40.0) / 24 for index in range(24 * 40)]
    times = [0.5 + sum(periods[:index]) for index in range(len(periods))]
    clock = [(0.45, b"\xfa"), *((at, b"\xf8") for at in times), (times[-1] + 0.01, b"\xfc")]
    calls = [(at + begins, data) for begins in (1.0, 6.0, 11.0) for at, data in PHRASE]
    with daemon("--no-thru", "--clock", "midi", "--start-on", "beat") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        start = bench.play(sorted([*clock, *calls]), into=IN)
        wait_until(lambda: bench.now() > start + times[-1] + 0.3, 60, lambda: "the bench's clock stands still")
        recorded = bench.recorded
        finish(process)
    places = np.interp([at - start for at in note_ons_at(recorded)], times, np.arange(len(times)))
    off = np.abs(places - np.round(places))
    assert len(off) >= 3
    assert np.median(off) < 0.25  # of a pulse of 20 ms
    assert unbalanced(data_of(recorded)) == {}


def test_a_clock_that_falls_silent_is_told_and_the_beats_go_on(jack_server: JackServer) -> None:
    call = [(at + 7.6, data) for at, data in PHRASE]
    with daemon("--no-thru", "--clock", "midi") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        start = bench.play([*clocked(120.0, 12), *call], into=IN)  # the last pulse is at 6.5 s
        turn = next_line(process, "turn 1")
        recorded = bench.wait_for_silence(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert "the MIDI clock has fallen silent without Stop; the beats go on at 1" in err
    beats = (note_ons_at(recorded)[0] - start - 0.5) / 0.5
    assert beats == pytest.approx(round(beats), abs=0.2)  # generous: on a busy machine JACK's frames are no clock's
    assert float(turn.split()[2]) == pytest.approx(120.0, abs=6.0)


def note_ons_at(recorded: list[tuple[float, bytes]]) -> list[float]:
    return [at for at, data in recorded if data[0] & 0xF0 == 0x90 and data[2]]
