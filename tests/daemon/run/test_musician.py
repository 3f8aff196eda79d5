from __future__ import annotations

import pytest
from support.jam import melody

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.run.musician import TAIL_S, FilePlayer, PortMusician, WaitingFilePlayer


def play_all(musician: FilePlayer) -> list[MidiEvent]:
    events: list[MidiEvent] = []
    while (deadline := musician.next_deadline()) < float("inf"):
        events += musician.advance(deadline)
    return events


def test_events_come_in_time_each_with_its_own() -> None:
    events = melody([60, 62])
    musician = FilePlayer(events)
    assert musician.advance(0.45) == events[:2]
    assert musician.next_deadline() == 0.5
    assert musician.advance(5.0) == events[2:]
    assert musician.done


def test_a_start_later_moves_everything() -> None:
    assert [event.at for event in play_all(FilePlayer(melody([60]), starts_at=2.0))] == pytest.approx([2.0, 2.4])


def test_it_is_done_only_after_the_last_event_can_have_been_heard() -> None:
    musician = FilePlayer(melody([60]))
    musician.advance(0.4)
    assert not musician.done
    assert musician.next_deadline() == pytest.approx(0.4 + TAIL_S)


def test_a_file_first_uses_up_its_own_rest() -> None:
    musician = WaitingFilePlayer(melody([60, 62], step=2.0))
    musician.advance(0.4)
    musician.pause(1.0)
    musician.resume(1.9, bpm=120.0)
    assert musician.next_deadline() == 2.0


def test_what_would_fall_into_the_reply_comes_whole_beats_later() -> None:
    musician = WaitingFilePlayer(melody([60, 62], step=2.0))
    musician.advance(0.4)
    musician.pause(1.0)
    assert musician.next_deadline() == float("inf")
    musician.resume(2.2, bpm=120.0)
    assert musician.next_deadline() == pytest.approx(2.5)


def test_where_bars_are_traded_it_comes_whole_bars_later() -> None:
    musician = WaitingFilePlayer(melody([60, 62], step=2.5), step_beats=4.0)
    musician.advance(0.4)
    musician.pause(2.0)
    musician.resume(4.0, bpm=120.0)
    assert musician.next_deadline() == pytest.approx(4.5)  # on the second beat, as it is written


def test_who_does_not_wait_goes_on() -> None:
    musician = FilePlayer(melody([60, 62], step=2.0))
    musician.advance(0.4)
    musician.pause(1.0)
    musician.resume(2.2, bpm=120.0)
    assert musician.next_deadline() == 2.0


def test_hanging_keys_and_pedals_of_a_file_are_let_go_at_its_end() -> None:
    events: list[MidiEvent] = [
        NoteOn(0.0, 0, 60, 80),
        NoteOn(0.0, 2, 64, 80),
        ControlChange(0.5, 1, 64, 127),
        NoteOff(1.0, 0, 60),
    ]
    assert play_all(FilePlayer(events))[4:] == [NoteOff(1.0, 2, 64), ControlChange(1.0, 1, 64, 0)]


def test_an_empty_file_is_soon_done() -> None:
    musician = FilePlayer([])
    assert play_all(musician) == []
    assert musician.done


def test_a_musician_at_a_port_is_never_driven() -> None:
    musician = PortMusician()
    musician.pause(1.0)
    musician.resume(2.0, 120.0)
    assert musician.advance(99.0) == []
    assert musician.next_deadline() == float("inf")
    assert not musician.done
