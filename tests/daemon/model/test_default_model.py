"""What the model that ships has learned, without the session memory."""

from __future__ import annotations

import numpy as np
import pytest

from musedaemon.encoding import PITCHES, VELOCITY_UNKNOWN, ContextTracker
from musedaemon.model.onnx_model import OnnxModel, load_default

MAJOR, HARMONIC_MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11)
EIGHTH = 12


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return load_default()


def chance_in_key(model: OnnxModel, tonic: int, scale: tuple[int, ...], notes: int = 40) -> float:
    """The model's chance that the next note is in the scale, after a melody in eighths that walks up and down it."""
    rng = np.random.default_rng(tonic)
    tracker, state, degree, tick = ContextTracker(), model.initial_state(), 7, 0
    for _ in range(notes):
        degree = int(np.clip(degree + rng.choice((-2, -1, -1, 1, 1, 2)), 0, 14))
        pitch = 55 + tonic + scale[degree % 7] + 12 * (degree // 7)
        state = model.step(state, tracker.context(tick), pitch, VELOCITY_UNKNOWN)
        tracker.note_on(tick, pitch, EIGHTH)
        tick += EIGHTH
    logits = model.pitch_logits(state, tracker.context(tick)).astype(np.float64)
    chances = np.exp(logits - logits.max())
    in_key = np.isin((np.arange(PITCHES) - 55 - tonic) % 12, scale)
    return float(chances[in_key].sum() / chances.sum())


def test_it_hears_the_key_of_a_scale_in_all_twelve(model: OnnxModel) -> None:
    """Seven of twelve would be 0.58. A stack of layers without residuals reached 0.73."""
    chances = [chance_in_key(model, tonic, MAJOR) for tonic in range(12)]
    assert np.mean(chances) > 0.9
    assert min(chances) > 0.85


def test_it_hears_a_minor_key_too(model: OnnxModel) -> None:
    assert np.mean([chance_in_key(model, tonic, HARMONIC_MINOR) for tonic in range(12)]) > 0.8
