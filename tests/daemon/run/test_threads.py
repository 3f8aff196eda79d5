from __future__ import annotations

import threading
from queue import Queue

import pytest
from support.fakes import FakeModel, NoEcho
from support.jam import SETTINGS

from musedaemon.core.commands import Heard, PlannedNote, Play, Signalled, Withdraw
from musedaemon.core.engine import Engine
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.player import Player
from musedaemon.core.signals import Wish
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing
from musedaemon.errors import PortError
from musedaemon.run.clock import SessionClock
from musedaemon.run.musician import FilePlayer
from musedaemon.run.recorder import Unrecorded
from musedaemon.run.threads import (
    EngineInbox,
    EngineThread,
    OutputBack,
    Ping,
    PlayerInbox,
    PlayerThread,
    Stop,
    next_item,
)


def test_the_shortest_waits_all_end() -> None:
    """In Python 3.11 SimpleQueue.get waits for ever on some timeouts of microseconds."""
    clock = SessionClock()
    inbox: Queue[int] = Queue()
    waits = [1e-6 * (1 + step % 5) for step in range(4000)]

    def wait_all() -> None:
        for wait in waits:
            assert next_item(inbox, clock.now() + wait, clock) is None
            inbox.put(1)
            assert next_item(inbox, float("inf"), clock) == 1

    thread = threading.Thread(target=wait_all, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def test_an_item_comes_before_its_deadline_and_a_deadline_past_takes_what_is_there() -> None:
    clock = SessionClock()
    inbox: Queue[int] = Queue()
    inbox.put(1)
    assert next_item(inbox, float("inf"), clock) == 1
    inbox.put(2)
    assert next_item(inbox, clock.now() - 1.0, clock) == 2
    assert next_item(inbox, clock.now() - 1.0, clock) is None


class RefusesOnce:
    """A port that refuses the first note-off it is given."""

    name = "moody"
    ahead_s = 0.0
    listener = None

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.refused: list[bytes] = []
        self.closed = 0

    def send(self, data: bytes, at: float = 0.0) -> None:
        if data[0] & 0xF0 == 0x80 and not self.refused:
            self.refused.append(data)
            raise PortError("The port took no message; check its connection.")
        self.sent.append(data)

    def close(self) -> None:
        self.closed += 1


def test_a_refused_note_off_keeps_none_of_the_others_back() -> None:
    port, inbox, clock = RefusesOnce(), PlayerInbox(), SessionClock()
    thread = PlayerThread(Player(NoEcho(), nothing), port, clock, inbox, EngineInbox(), Unrecorded())
    for serial, pitch in enumerate((60, 64, 67)):
        inbox.put(Play(PlannedNote(serial, 0.0, 1000.0, 0, pitch, 80)))
    inbox.put(Withdraw(0.0))
    with pytest.raises(PortError, match="took no message"):
        thread.run()
    assert [data[1] for data in port.sent if data[0] == 0x80] == [64, 67]


def test_an_output_that_refuses_is_closed_and_told_of_and_the_next_one_gets_what_it_refused() -> None:
    port, after, inbox, clock = RefusesOnce(), RefusesOnce(), PlayerInbox(), SessionClock()
    after.refused = [b"nothing more"]
    told: list[PortError] = []
    thread = PlayerThread(
        Player(NoEcho(), nothing), port, clock, inbox, EngineInbox(), Unrecorded(), on_refusal=told.append
    )
    inbox.put(Play(PlannedNote(0, 0.0, 1000.0, 0, 60, 80)))
    inbox.put(Withdraw(0.0))
    inbox.put(Play(PlannedNote(1, 0.0, 1000.0, 0, 62, 80)))
    inbox.put(OutputBack(after))
    inbox.put(Play(PlannedNote(2, 0.0, 1000.0, 0, 64, 80)))
    inbox.put(Stop.NOW)
    thread.run()
    assert [str(refusal) for refusal in told] == ["The port took no message; check its connection."]
    assert [data[:2].hex() for data in port.sent] == ["903c"]
    assert [data[:2].hex() for data in after.sent] == ["803c", "9040", "8040"]
    assert (port.closed, after.closed) == (1, 1)


def test_a_files_time_waits_for_all_that_it_has_played_however_much_the_player_reports_of_it() -> None:
    """All Notes Off while a key holds the turn is two reports: the turn is taken back, and it was heard."""
    engine, to_player = Engine(FakeModel(), TempoTracker(120.0), SETTINGS), PlayerInbox()
    played: list[MidiEvent] = [NoteOn(0.0, 0, 60, 80), NoteOff(0.0, 0, 60)]
    thread = EngineThread(
        engine, FilePlayer(played), SessionClock(), EngineInbox(), to_player, Unrecorded(), lambda over: None
    )
    thread._play(played)
    thread._take(Signalled(0.0, Wish.TAKE_BACK))
    thread._take(Heard(played[0]))
    assert thread._deadline() == float("inf")
    thread._take(Heard(played[1]))
    (ping,) = [item for item in (to_player.get() for _ in range(3)) if isinstance(item, Ping)]
    thread._take(ping)
    assert thread._deadline() < float("inf")
