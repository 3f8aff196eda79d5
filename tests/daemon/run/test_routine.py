from __future__ import annotations

from support.fakes import NoEcho
from support.told import Told

from musedaemon.core.player import Player
from musedaemon.core.thru import nothing
from musedaemon.run.reporting import Minute
from musedaemon.run.routine import Minutes, due_next


def test_each_minute_is_told_by_itself() -> None:
    told, player, turns = Told(), Player(NoEcho(), nothing), [2]
    minutes = Minutes(player, lambda: turns[0], told, 10.0)
    assert due_next([minutes]) == 70.0
    player.notes_heard, player.notes_played, player.notes_dropped = 12, 3, 1
    player.lateness.extend([0.5, 0.001, 0.001, 0.001])  # the first of a minute before
    minutes.advance(70.0)
    assert told.minutes == [Minute(2, 12, 3, 1, 1.0)]
    minutes.advance(130.0)
    assert told.minutes[1:] == [Minute(0, 0, 0, 0, None)]
    assert minutes.next_deadline() == 190.0
