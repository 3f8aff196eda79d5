from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.commands import HandedOver, Heard
from musedaemon.core.events import ControlChange, NoteOff, NoteOn, Other
from musedaemon.takes import jams
from musedaemon.takes.jams import Added, Began, Ended, Jams, LastMinutes, Step
from musedaemon.takes.journal import Entry, Scene, Sounded

SCENE = Scene(100.0)


def note(at: float, pitch: int = 60) -> Entry:
    return Heard(NoteOn(at, 0, pitch, 80))


def cut(entries: list[Entry], silence_s: float = 60.0) -> list[Step]:
    cutter = Jams(silence_s, SCENE)
    return [step for entry in entries for step in cutter.receive(entry)] + cutter.end()


def test_a_jam_goes_from_a_note_to_a_long_silence() -> None:
    first, off, second = note(5.0), Heard(NoteOff(6.0, 0, 60)), note(66.5)
    assert cut([first, off, second]) == [
        *(Began(5.0, SCENE), Added(first), Added(off), Ended(6.0)),
        *(Began(66.5, SCENE), Added(second), Ended(66.5)),
    ]


def test_a_reply_of_ours_keeps_a_jam_on_and_what_no_hand_did_does_not() -> None:
    cutter = Jams(60.0, SCENE)
    cutter.receive(note(0.0))
    cutter.receive(Sounded(NoteOn(50.0, 0, 60, 80)))
    assert cutter.next_deadline == 110.0
    assert cutter.receive(Heard(Other(109.0, b"\xfe"))) == [Added(Heard(Other(109.0, b"\xfe")))]
    assert cutter.advance(109.9) == []
    assert cutter.advance(110.0) == [Ended(50.0)]
    assert cutter.next_deadline == float("inf")


def test_no_pedal_knob_or_late_note_off_begins_a_jam() -> None:
    assert (
        cut([Heard(ControlChange(1.0, 0, 64, 127)), Heard(NoteOff(2.0, 0, 60)), Heard(Other(3.0, b"\xc0\x05"))]) == []
    )


def test_a_jam_begins_at_the_tempo_found_before() -> None:
    assert cut([HandedOver(1.0, 0.0, 84.0), note(2.0)])[0] == Began(2.0, Scene(84.0))


def test_no_take_grows_for_ever() -> None:
    """It ends at a rest of a second once it is long, and wherever it is once it is very long."""
    cutter = Jams(60.0, SCENE)
    ends = 0
    for index in range(jams.LONGEST * jams.LONG_TAKE + 10):
        ends += Ended in map(type, cutter.receive(note(index * 0.001)))
    assert ends == 1
    cutter = Jams(60.0, SCENE)
    for index in range(jams.LONG_TAKE):
        cutter.receive(note(index * 0.001))
    rest = jams.LONG_TAKE * 0.001 + 1.5
    assert [type(step) for step in cutter.receive(note(rest))] == [Ended, Began, Added]


def test_the_last_minutes_are_kept_from_their_first_note_on() -> None:
    minutes = LastMinutes(60.0, SCENE)
    for entry in (note(0.0), HandedOver(2.0, 0.0, 84.0), Heard(NoteOff(70.0, 0, 60)), note(80.0, 62), note(90.0, 64)):
        minutes.receive(entry)
    kept = minutes.kept(120.0)
    assert kept is not None
    assert (kept.began, kept.scene, kept.entries) == (80.0, Scene(84.0), (note(80.0, 62), note(90.0, 64)))
    assert minutes.kept(200.0) is None


def test_however_much_is_played_no_more_is_remembered_than_there_is_room_for() -> None:
    minutes = LastMinutes(3600.0, SCENE)
    for index in range(jams.MOST_REMEMBERED + 100):
        minutes.receive(note(index * 1e-4))
    kept = minutes.kept(6.0)
    assert kept is not None
    assert len(kept.entries) == jams.MOST_REMEMBERED


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=60), st.floats(0.5, 30))
def test_every_step_is_in_order_and_every_note_is_in_a_take(gaps: list[tuple[float, bool]], silence: float) -> None:
    at, entries = 0.0, list[Entry]()
    for gap, is_ours in gaps:
        at += gap
        entries.append(Sounded(NoteOn(at, 0, 60, 80)) if is_ours else note(at))
    steps = cut(entries, silence)
    assert [step.entry for step in steps if isinstance(step, Added)] == entries
    on = False
    for step in steps:
        assert on != isinstance(step, Began)
        on = not isinstance(step, Ended)
    assert not on
