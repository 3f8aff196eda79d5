"""A model whose answers come to be no numbers in the midst of a session: it ends, in order and with one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper
from support.bad_models import tensors, tiny
from support.fakes import FakeModel, FakePort, NoEcho
from support.jam import SETTINGS, Jam, jam, melody
from support.midi_balance import note_ons, unbalanced
from support.written import tracks

from musedaemon.cli.main import main
from musedaemon.core.engine import Engine
from musedaemon.core.player import Player
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing
from musedaemon.encoding import Context
from musedaemon.errors import ModelError
from musedaemon.midi.files import TempoChange, Track, write_midi_file
from musedaemon.model import rows
from musedaemon.model.protocol import FloatArray, State
from musedaemon.run.clock import SessionClock
from musedaemon.run.musician import WaitingFilePlayer
from musedaemon.run.realtime import RealTime

CALL = melody([60, 62, 64, 65, 67, 65, 64, 62], step=0.125, length=0.1)
TOLD = (
    "The model answers with what is no number; start again with another one,"
    " or export this one again from a checkpoint that trained well."
)


class Failing(FakeModel):
    """All is well until after so many steps one field is `value`."""

    def __init__(self, field: str, after: int, value: float) -> None:
        super().__init__()
        self._field = field
        self._after = after
        self._value = value

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        after = super().step(state, context, pitch, velocity)
        return after._replace(shift_logits=self._spoilt("shift", after.shift_logits))

    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        return self._spoilt("pitch", super().pitch_logits(state, context))

    def velocity_logits(self, state: State, context: Context, pitch: int) -> FloatArray:
        return self._spoilt("velocity", super().velocity_logits(state, context, pitch))

    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        return self._spoilt("duration", super().duration_logits(state, context, pitch, velocity))

    def _spoilt(self, field: str, logits: FloatArray) -> FloatArray:
        if field == self._field and self.steps >= self._after:
            logits[3] = self._value
        return logits


VALUES = [np.nan, np.inf]
FIELDS = ["shift", "pitch", "velocity", "duration"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("memory", [0.0, 0.5, 1.0])
@pytest.mark.filterwarnings("error")
def test_in_virtual_time_no_nonsense_is_played(field: str, value: float, memory: float) -> None:
    with pytest.raises(ModelError) as caught:
        jam(CALL, replace(SETTINGS, memory=memory), Failing(field, 10, value))
    assert str(caught.value) == TOLD
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("field", FIELDS)
def test_in_real_time_every_note_is_released(field: str, value: float) -> None:
    clock, port = SessionClock(), FakePort()
    engine = Engine(Failing(field, 12, value), TempoTracker(240.0), replace(SETTINGS, hand_over_s=0.15))
    musician = WaitingFilePlayer(CALL, clock.now())
    record = Jam(engine)
    runner = RealTime(engine, Player(NoEcho(), nothing), musician, port, clock, record, record.turn_over)
    with pytest.raises(ModelError) as caught:
        runner.run()
    assert str(caught.value) == TOLD
    assert port.closed
    assert unbalanced(port.sent) == {}


def overflowing(path: Path) -> Path:
    """A model of finite weights, whose pitches come to more than a number can hold once a note follows another."""
    model = tiny()
    for tensor in tensors(model.graph):
        if tensor.name == "pitch/pitch_head.rows":
            table = numpy_helper.to_array(tensor).copy()
            longest = rows.REST - 1
            table[rows.SHIFT : longest, 16:] = table[rows.REST : rows.BEAT - 1, 16:] = 3e38
            tensor.CopyFrom(numpy_helper.from_array(table, tensor.name))
    path.write_bytes(model.SerializeToString())
    return path


def test_weights_that_overflow_in_mid_play_end_the_command_with_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    call, jam_file = tmp_path / "call.mid", tmp_path / "jam.mid"
    write_midi_file(call, [Track("piano", CALL)], [TempoChange(0.0, 120.0)])
    model = overflowing(tmp_path / "over.onnx")
    assert main(["--in", str(call), "--out", str(jam_file), "--model", str(model), "--seed", "1"]) == 2
    told = capfd.readouterr()
    assert told.err == f"musedaemon: {TOLD}\n"
    assert "Traceback" not in told.out
    written = tracks(jam_file)
    assert len(note_ons(written["call"])) == len(CALL) / 2
    assert unbalanced(written["call"]) == unbalanced(written["response"]) == {}
