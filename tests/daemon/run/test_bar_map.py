from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.beat_grid import Beat, BeatGrid, Meter
from musedaemon.core.commands import ClockMoved, Heard, TempoFound
from musedaemon.core.events import NoteOff, NoteOn
from musedaemon.core.midi_clock import ClockNews
from musedaemon.midi.files import read_midi_file
from musedaemon.midi.tempo_map import TempoMap
from musedaemon.run.bar_map import BarMap
from musedaemon.run.recorder import Recorder


def beat(at: float, clock_beat: float, bpm: float, song_begins: float | None = 0.0) -> Beat:
    return Beat(at, BeatGrid(at, clock_beat, bpm), song_begins)


def file_beat(bars: BarMap, at: float) -> float:
    """The beat of a time of the session in the file that will be written."""
    return TempoMap.of_changes(480, bars.tempi).tick(at + bars.shift) / 480


def test_the_songs_bars_are_the_files() -> None:
    bars = BarMap(4)
    bars.enter(beat(3.3, 0.0, 120.0))
    assert 0.0 <= bars.shift < 2.0
    assert file_beat(bars, 3.3) % 4 == pytest.approx(0.0, abs=0.01)
    assert file_beat(bars, 3.3 + 600.0) % 4 == pytest.approx(0.0, abs=0.01)


def test_no_clock_no_map() -> None:
    bars = BarMap(4)
    bars.enter(beat(1.0, 0.0, 120.0, song_begins=None))
    assert not bars


@given(st.lists(st.tuples(st.floats(0.5, 20.0), st.floats(40, 240)), min_size=1, max_size=20), st.floats(0, 10))
def test_however_the_tempo_changes_the_beats_stay_on_their_beats(
    stretches: list[tuple[float, float]], start: float
) -> None:
    bars = BarMap(4)
    at, place, told = start, 0.0, []
    for seconds, bpm in stretches:
        bars.enter(beat(at, place, bpm))
        told.append((at, place))
        at, place = at + seconds, place + seconds * bpm / 60
    first = file_beat(bars, start)
    assert first % 4 == pytest.approx(0.0, abs=0.01) or first % 4 == pytest.approx(4.0, abs=0.01)
    for when, song_beat in told:
        assert file_beat(bars, when) - first == pytest.approx(song_beat, abs=0.05)


@pytest.mark.parametrize("pause", [0.3, 1.0, 7.7])
@pytest.mark.parametrize("song_beat", [0.0, 5.0, 16.0])
def test_after_a_stop_the_song_goes_on_on_a_bar_of_the_file(pause: float, song_beat: float) -> None:
    bars = BarMap(4)
    bars.enter(beat(1.0, 0.0, 120.0))
    bars.enter(beat(5.25, 8.5, 120.0, song_begins=None))
    again = 5.25 + pause
    bars.enter(beat(again, 30.0, 100.0, song_begins=30.0 - song_beat))
    assert file_beat(bars, again + 2.4) % 4 == pytest.approx((song_beat + 4) % 4, abs=0.02)
    assert file_beat(bars, 5.0) - file_beat(bars, 1.0) == pytest.approx(8.0, abs=0.02)


def test_a_recording_along_a_clock_opens_on_its_bars(tmp_path: Path) -> None:
    target = tmp_path / "jam.mid"
    recorder = Recorder(Meter(3, 4))
    recorder.report(ClockMoved(beat(0.7, 0.0, 90.0), ClockNews.STARTED))
    bar_s = 3 * 60 / 90
    recorder.report(Heard(NoteOn(0.7 + bar_s, 0, 60, 80)))
    recorder.report(Heard(NoteOff(0.7 + bar_s + 0.2, 0, 60)))
    recorder.write(target, None)
    written = read_midi_file(target)
    assert written.meter == (3, 4)
    assert written.bpm == pytest.approx(90.0, abs=0.01)
    assert written.events[0].at / bar_s == pytest.approx(round(written.events[0].at / bar_s), abs=0.01)


def test_what_has_no_clock_has_the_tempi_that_were_found_each_from_where_it_holds(tmp_path: Path) -> None:
    target = tmp_path / "duet.mid"
    recorder = Recorder()
    for at, bpm in ((1.0, 120.0), (5.0, 120.02), (9.0, 90.0), (20.0, 100.0)):
        recorder.tempo_found(TempoFound(at, bpm))
    recorder.report(Heard(NoteOn(1.0, 0, 60, 80)))
    recorder.write(target, 100.0)
    written = read_midi_file(target)
    assert [round(change.bpm, 1) for change in written.tempi] == [120.0, 90.0, 100.0]
    assert [change.at for change in written.tempi] == pytest.approx([0.0, 9.0, 20.0], abs=0.001)
