"""Dense two-hand playing, a short piece of what benchmarks/dense.py plays."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.dense import play_in_virtual_time, play_over_jack
from support.fakes import FakeModel
from support.jack_server import JackServer
from support.midi_balance import note_ons, unbalanced
from support.playing import NOTES_A_SECOND, dense_playing
from support.truth import assert_balanced

from musedaemon.core.events import NoteOn
from musedaemon.midi import wire

TINY = str(Path(__file__).parents[2] / "assets" / "tiny.onnx")


def test_it_is_as_dense_as_it_says_and_every_key_comes_up() -> None:
    events = dense_playing(600)
    onsets = [event.at for event in events if isinstance(event, NoteOn)]
    assert len(onsets) == 600
    assert 600 / onsets[-1] == pytest.approx(NOTES_A_SECOND, rel=0.1)
    assert unbalanced(wire.encode(event) for event in events) == {}


def test_nothing_is_lost_or_hangs_and_the_state_is_that_of_what_was_heard() -> None:
    events = dense_playing(600)
    done = play_in_virtual_time(events, FakeModel())
    assert done.passed == [wire.encode(event) for event in events]
    assert len(done.turns) == 1
    assert done.notes()
    assert_balanced(done)


@pytest.mark.jack
def test_the_same_over_jack(jack_server: JackServer) -> None:
    events = dense_playing(120)
    assert len(note_ons(wire.encode(event) for event in events)) == 120
    assert play_over_jack(jack_server, events, TINY) == []
