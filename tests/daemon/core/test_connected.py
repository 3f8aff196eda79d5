from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel, NoEcho
from support.jam import SETTINGS, Jam, melody

from musedaemon.core.commands import (
    Dropped,
    Heard,
    OutputFound,
    OutputLost,
    PlannedNote,
    Play,
    Played,
    Signalled,
    Withdraw,
    Withdrawn,
)
from musedaemon.core.connected import ConnectedPlayer
from musedaemon.core.engine import Engine
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.modes import Mode
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.signals import By, SignalSettings, Wish
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import Thru, nothing, unchanged
from musedaemon.run.musician import FilePlayer
from musedaemon.run.simulator import Simulator


def player(thru: Thru = unchanged) -> ConnectedPlayer:
    return ConnectedPlayer(Player(NoEcho(), thru))


def play(serial: int, at: float, until: float, pitch: int) -> Play:
    return Play(PlannedNote(serial, at, until, 0, pitch, 80))


def test_what_sounded_when_the_output_went_is_released_when_it_is_back() -> None:
    it = player()
    it.accept(play(0, 1.0, 9.0, 60), 0.0)
    it.accept(play(1, 3.0, 9.0, 62), 0.0)
    it.receive(NoteOn(0.5, 2, 40, 90))
    it.receive(ControlChange(0.6, 2, 64, 127))
    it.advance(1.0)
    it.take_reports()
    it.output_gone(2.0)
    assert it.take_reports() == [OutputLost(2.0)]
    assert it.next_deadline() == float("inf")
    assert it.advance(4.0) == []
    assert it.output_back(5.0) == [
        Outgoing(ControlChange(5.0, 2, 64, 0), None),
        Outgoing(NoteOff(5.0, 0, 60), 0),
        Outgoing(NoteOff(5.0, 2, 40), None),
    ]
    assert it.take_reports() == [OutputFound(5.0)]
    assert it.flush(6.0) == []


def test_what_was_released_shortly_before_is_released_again_for_nobody_knows_when_the_port_went() -> None:
    it = player(nothing)
    for serial, (at, until, pitch) in enumerate(((0.0, 1.0, 60), (0.0, 3.5, 62), (0.0, 9.0, 64))):
        it.accept(play(serial, at, until, pitch), 0.0)
    for now in (0.0, 1.0, 3.5):
        it.advance(now)
    it.output_gone(4.0)
    assert [message.event for message in it.output_back(5.0)] == [NoteOff(5.0, 0, 62), NoteOff(5.0, 0, 64)]


def test_without_an_output_notes_are_dropped_and_the_reply_taken_back() -> None:
    it = player()
    it.output_gone(1.0)
    it.take_reports()
    assert it.accept(play(4, 2.0, 3.0, 60), 1.5) == []
    assert it.take_reports() == [Dropped(4, 1.5), OutputLost(1.5)]
    assert it.accept(Withdraw(1.6), 1.6) == []
    assert it.take_reports() == [Withdrawn(1.6)]
    assert it.next_deadline() == float("inf")


def test_without_an_output_the_musician_is_heard_all_the_same() -> None:
    it = player()
    it.output_gone(1.0)
    it.take_reports()
    down, up = NoteOn(1.5, 0, 60, 80), NoteOff(2.5, 0, 60)
    assert it.receive(down) == []
    assert it.take_reports() == [Heard(down)]
    assert it.output_back(2.0) == []
    assert it.receive(up) == []  # its note-on never left
    assert it.take_reports() == [OutputFound(2.0), Heard(up)]


def test_a_second_loss_before_the_releases_arrived_owes_them_again() -> None:
    it = player(nothing)
    it.accept(play(0, 1.0, 9.0, 60), 0.0)
    it.advance(1.0)
    it.output_gone(2.0)
    it.output_gone(2.1)
    it.output_back(50.0)
    it.output_gone(50.1)
    assert [message.event for message in it.output_back(60.0)] == [NoteOff(60.0, 0, 60)]


def test_the_keys_of_an_input_that_went_are_let_go() -> None:
    it = player()
    for event in (NoteOn(0.0, 0, 60, 80), ControlChange(0.1, 0, 64, 127), NoteOn(0.2, 5, 70, 80)):
        it.receive(event)
    it.take_reports()
    ups: list[MidiEvent] = [NoteOff(1.0, 0, 60), NoteOff(1.0, 5, 70), ControlChange(1.0, 0, 64, 0)]
    assert it.input_gone(1.0) == [Outgoing(up, None) for up in ups]
    assert it.take_reports() == [Heard(up) for up in ups]
    assert it.input_gone(2.0) == []


def test_a_control_that_is_held_to_make_us_play_is_let_go() -> None:
    it = ConnectedPlayer(Player(NoEcho(), signals=SignalSettings(frozenset((20,)), by=By.HOLD)))
    it.receive(ControlChange(0.0, 0, 20, 127))
    it.take_reports()
    assert it.input_gone(1.0) == []
    assert it.take_reports() == [Signalled(1.0, Wish.TAKE_BACK)]


class Outage(ConnectedPlayer):
    """Its output goes and comes back at given times."""

    def __init__(self, within: Player, *times: float) -> None:
        super().__init__(within)
        self._times = list(times)

    def next_deadline(self, ahead: float = 0.0) -> float:
        return min([super().next_deadline(ahead), *self._times])

    def advance(self, now: float, ahead: float = 0.0) -> list[Outgoing]:
        sent = super().advance(now, ahead)
        while self._times and self._times[0] <= now:
            del self._times[0]
            if self.has_output:
                self.output_gone(now)
            else:
                sent += self.output_back(now)
        return sent


def jam_with_outage(events: list[MidiEvent], mode: Mode, *times: float) -> Jam:
    engine = Engine(FakeModel(), TempoTracker(120.0), replace(SETTINGS, mode=mode, longest_beats=64.0))
    done = Jam(engine)
    outage = Outage(Player(NoEcho(), nothing), *times)
    Simulator(engine, outage, FilePlayer(events), done, done.turn_over).run()
    return done


def left_sounding(events: list[MidiEvent]) -> set[int]:
    """Pitches whose last event is a note-on; a note-off may come twice."""
    last = {event.pitch: event for event in events if isinstance(event, NoteOn | NoteOff)}
    return {pitch for pitch, event in last.items() if isinstance(event, NoteOn)}


FIRST, SECOND, THIRD = (melody([60, 62, 64, 65, 67, 65], start) for start in (0.0, 10.0, 20.0))


def test_the_reply_ends_with_the_output_and_the_next_call_is_answered_once_it_is_back() -> None:
    done = jam_with_outage([*FIRST, *SECOND, *THIRD], Mode.CALL_RESPONSE, 4.5, 15.0)
    played = [note.at for note in done.notes()]
    assert [turn.withdrawn for turn in done.turns] == [True, True, False]
    assert done.turns[0].reply_notes > 0
    assert done.turns[1].reply_notes == 0
    assert all(at <= 4.5 or at > 20.0 for at in played)
    assert any(at > 20.0 for at in played)
    assert left_sounding(done.response) == set()
    assert len(done.engine.memory) == 18


def test_a_duet_goes_on_when_the_output_is_back() -> None:
    done = jam_with_outage([*FIRST, *SECOND, *THIRD], Mode.DUET, 3.0, 15.0)
    played = [note.at for note in done.notes()]
    assert any(at <= 3.0 for at in played)
    assert all(at <= 3.0 or at > 15.0 for at in played)
    assert any(at > 20.0 for at in played)


def test_a_solo_goes_on_by_itself() -> None:
    done = jam_with_outage(FIRST, Mode.SOLO, 8.0, 12.0)
    played = [note.at for note in done.notes()]
    assert any(at < 8.0 for at in played)
    assert all(at <= 8.0 or at >= 12.0 for at in played)
    assert any(at > 12.0 for at in played)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.0, 20.0), max_size=6).map(sorted), st.sampled_from(list(Mode)))
def test_whenever_the_output_goes_and_comes_all_ends_and_nothing_raises(times: list[float], mode: Mode) -> None:
    done = jam_with_outage(FIRST, mode, *times)
    assert len(times) % 2 or left_sounding(done.response) == set()
    played = [report for report in done.story if isinstance(report, Played)]
    assert len(played) == len(done.notes())
