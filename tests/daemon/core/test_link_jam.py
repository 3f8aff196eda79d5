"""A jam in an Ableton Link session, in virtual time: player, engine and session together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.fake_link import FakeLink, TimedLinkClock
from support.fakes import NoEcho
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.beat_grid import Meter
from musedaemon.core.events import MidiEvent, NoteOff, Other
from musedaemon.core.feel import Feel, StartOn
from musedaemon.core.player import Player
from musedaemon.core.signals import SignalSettings
from musedaemon.core.thru import nothing

ON_BAR = replace(SETTINGS, feel=Feel(StartOn.BAR))
CALL = melody([60, 62, 64, 65], start=0.3, step=0.25, length=0.2)
LONG_CALL = melody([60, 62, 64, 65] * 4, start=0.3, step=0.25, length=0.2)
"""At 120 beats a minute its reply begins on beat 12 and lasts some eight beats."""
BEGAN = -1.9
"""At 120 beats a minute bars begin 0.1 s after the jam does, and every two seconds."""


def along(peer: FakeLink, events: list[MidiEvent], meter: Meter | None = None) -> Jam:
    meter = meter or Meter()
    player = Player(NoEcho(), nothing, beats=TimedLinkClock(peer, meter, ends_at=25.0))
    settings = replace(ON_BAR, meter=meter)
    return jam(sorted(events, key=lambda event: event.at), settings, bpm=None, player=player)


def test_a_reply_begins_on_the_sessions_bar_and_lies_on_its_beats() -> None:
    done = along(FakeLink(120.0, BEGAN), CALL)
    beats = [(note.at - BEGAN) * 2 for note in done.notes()]
    assert beats[0] == pytest.approx(8.0)
    assert [beat * 2 for beat in beats] == pytest.approx([round(beat * 2) for beat in beats], abs=1e-6)


def test_bars_are_those_of_the_meter() -> None:
    done = along(FakeLink(120.0, BEGAN), CALL, Meter(3, 4))
    assert (done.notes()[0].at - BEGAN) * 2 == pytest.approx(9.0)


def test_a_turn_that_start_hands_over_begins_with_its_song() -> None:
    """It began at once, and was taken back on the bar where the song began."""
    signals = SignalSettings(transport=True)
    settings = replace(ON_BAR, signals=signals, hand_over_s=0.0)
    start = BEGAN + 7.3  # beat 14.6
    player = Player(NoEcho(), nothing, signals=signals, beats=TimedLinkClock(FakeLink(120.0, BEGAN), ends_at=25.0))
    events: list[MidiEvent] = [*LONG_CALL, Other(start, b"\xfa")]
    done = jam(events, settings, bpm=None, player=player, signals=signals)
    assert (done.notes()[0].at - BEGAN) * 2 == pytest.approx(20.0)  # its second bar, as along a MIDI clock
    assert [turn.withdrawn for turn in done.turns] == [0]


def test_notes_and_their_ends_follow_a_peers_tempo() -> None:
    peer = FakeLink(120.0, BEGAN)
    change = BEGAN + 9.0  # beat 18
    peer.announced(change, lambda at: peer.turn_to(60.0, at))
    done = along(peer, LONG_CALL)
    late = [event for event in done.response if event.at > change]
    assert len(late) > 4
    for event in late:
        beat = 18 + (event.at - change)
        place = beat * 24 if isinstance(event, NoteOff) else beat * 2
        assert place == pytest.approx(round(place), abs=1e-3)
    assert len(done.notes()) * 2 == len(done.response)


def test_a_peers_stop_releases_our_notes_and_a_start_begins_the_bars() -> None:
    peer = FakeLink(120.0, BEGAN)
    stop, start = BEGAN + 9.1, BEGAN + 11.4  # beats 18.2 and 22.8
    peer.play(BEGAN)
    peer.announced(stop, peer.halt)
    peer.announced(start, peer.play)
    again = melody([60, 62, 64, 65], start=start + 0.8, step=0.25, length=0.2)
    done = along(peer, [*LONG_CALL, *again])
    before = [event for event in done.response if event.at <= stop]
    after = [note for note in done.notes() if note.at > stop]
    assert before
    assert [event.at for event in done.response if stop < event.at < start] == []
    assert done.turns[0].withdrawn
    assert ((after[0].at - BEGAN) * 2) % 4 == pytest.approx(0.0, abs=1e-6)
    assert len(done.notes()) * 2 == len(done.response)
