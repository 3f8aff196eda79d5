from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.music_files import Sound, midi_bytes, tune

from musedaemon_evaluation import pieces, tuning, tuning_main, tuning_samples
from musedaemon_evaluation.pieces import Score
from musedaemon_evaluation.predicting import NetPredictor
from musedaemon_evaluation.remembering import with_memory
from musedaemon_evaluation.tuning_samples import by_hand, draw
from musedaemon_training import checkpoint
from musedaemon_training.checkpoint import Config
from musedaemon_training.model import FIELDS, NoteNet, Sizes

CPU = torch.device("cpu")
SIZES = Sizes(hidden=16, layers=1)


@pytest.fixture
def net() -> NoteNet:
    torch.manual_seed(4)
    return NoteNet(SIZES).eval()


def repeating(seed: int, notes: int = 24, turns: int = 3) -> list[Sound]:
    once = tune(seed, notes)
    return [sound._replace(at=sound.at + 12 * notes * turn) for turn in range(turns) for sound in once]


def scores(folder: Path, count: int) -> list[Score]:
    names = [f"{i}.mid" for i in range(count)]
    for i, name in enumerate(names):
        (folder / name).write_bytes(midi_bytes(repeating(i * 31 + 7)))
    return pieces.read(folder, names).scores


def test_the_tuner_sees_the_mixture_that_the_daemon_plays(tmp_path: Path, net: NoteNet) -> None:
    score = scores(tmp_path, 1)[0]
    predictor = NetPredictor(net, CPU)
    samples = draw(predictor, [score], each=10**6, rng=np.random.default_rng(0))
    mixed = list(with_memory(score, next(predictor.predict([score.playing]))))[tuning_samples.FEWEST_KEPT :]
    assert len(samples) == len(mixed)
    truth = score.playing.targets[:, 1 + tuning_samples.FEWEST_KEPT :].astype(int)
    for place, field in enumerate(FIELDS):
        with torch.no_grad():
            chances = tuning.chances(field, tuning.start(field), samples).numpy()
        played = [float(np.exp(note[place][came])) for note, came in zip(mixed, truth[place], strict=True)]
        np.testing.assert_allclose(chances, played, rtol=0.03, atol=1e-4)


def test_a_hand_changes_what_is_heard_and_not_what_was_written(tmp_path: Path) -> None:
    written = scores(tmp_path, 1)[0]
    played = by_hand(written, np.random.default_rng(1))
    assert np.array_equal(played.playing.targets, written.playing.targets)
    assert np.array_equal(played.playing.asked[0], written.playing.asked[0])
    assert not np.array_equal(played.playing.given[0], written.playing.given[0])
    assert (np.diff(played.notes["onset"]) >= 0).all()
    assert (played.notes["duration"] >= 1).all()


def test_descent_finds_better_numbers(tmp_path: Path, net: NoteNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "STEPS", 12)
    samples = draw(NetPredictor(net, CPU), scores(tmp_path, 2), each=60, rng=np.random.default_rng(0))
    before = tuning.saved_bits("duration", tuning.start("duration"), samples)
    after = tuning.saved_bits("duration", tuning.tuned("duration", [samples], seed=1), samples)
    assert after["."][1] < before["."][1] < before["."][0]


def test_the_command_prints_the_numbers_to_keep(
    tmp_path: Path, net: NoteNet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tuning, "STEPS", 2)
    (tmp_path / "data").mkdir()
    scores(tmp_path / "data", 6)
    checkpoint.save(tmp_path / "best", Config(SIZES), net.state_dict())
    assert tuning_main.main([str(tmp_path / "best"), "--data", str(tmp_path / "data")]) == 0
    out = capsys.readouterr().out
    for name in ("SHIFT = Trust(", "PITCH = Trust(", "TRANSPOSED = Likeness(", "DURATION = "):
        assert name in out
    assert tuning_main.main([str(tmp_path / "none"), "--data", str(tmp_path / "data")]) == 2
    assert "is not a checkpoint" in capsys.readouterr().err
