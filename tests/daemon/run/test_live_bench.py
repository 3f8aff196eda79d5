from __future__ import annotations

from pathlib import Path

import pytest
from support.jack_server import JackServer

from musedaemon.config.schema import Config, Model, Ports
from musedaemon.errors import ModelError
from musedaemon.run.live_bench import Load, lateness_heard, measure_live
from musedaemon.run.live_hand import CALL_NOTES
from musedaemon.run.live_subjects import Left

TINY = str(Path(__file__).parents[2] / "assets" / "tiny.onnx")

_MOST_LOST = CALL_NOTES // 2
"""A JACK client that a busy machine keeps from its turn misses what came in that period (six of 48 were seen)."""


def test_what_was_heard_finds_its_note_even_if_others_are_lost() -> None:
    notes = [Left(pitch, at, at) for pitch, at in ((60, 1.0), (62, 2.0), (64, 3.0), (60, 4.0))]
    heard = lateness_heard(notes, [(60, 1.25), (64, 3.5), (60, 4.125)])
    assert heard == {0: 0.25, 2: 0.5, 3: 0.125}


@pytest.mark.jack
@pytest.mark.parametrize("load", [Load.IDLE, Load.THINKING])
def test_a_turn_is_measured_beside_a_bare_program(jack_server: JackServer, load: Load) -> None:
    figures = measure_live(Config(Ports(api="jack"), model=Model(path=TINY)), load, turns=2)
    assert figures.load is load
    assert figures.lost <= _MOST_LOST
    for spread in figures.thru:
        assert 2 * CALL_NOTES - _MOST_LOST <= spread.amount <= 2 * CALL_NOTES
    assert figures.leaving.daemon.amount >= figures.sounding.daemon.amount > 0
    assert figures.sounding.bare.amount > 20
    for beside in (figures.thru, figures.sounding):
        assert 0 < beside.bare.p50 <= beside.bare.p95 <= beside.bare.p99 <= beside.bare.most
    assert figures.thru.daemon.p50 > 0
    assert figures.sounding.daemon.p50 > -20.0  # rtmidi hears at the start of a period what is to sound within it
    assert figures.first.amount >= 1
    assert figures.answer.p50 >= 50.0  # no note is planned before the reply can be there


@pytest.mark.jack
def test_a_model_that_cannot_be_used_is_told_as_ever(jack_server: JackServer) -> None:
    with pytest.raises(ModelError, match="cannot be opened"):
        measure_live(Config(Ports(api="jack"), model=Model(path="none.onnx")), Load.IDLE, turns=1)
