from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

from musedaemon.encoding import VELOCITY_UNKNOWN, ContextTracker
from musedaemon.model.onnx_model import OnnxModel

MAKER = Path(__file__).parents[1] / "assets" / "make_tiny.py"


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_tiny", MAKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tests_model_is_what_todays_exporter_writes() -> None:
    script = maker()
    committed, fresh = OnnxModel.load(script.TINY), OnnxModel.from_bytes(script.tiny_model(), "fresh")
    assert committed.card == fresh.card
    context = ContextTracker().context(0)
    for model in (committed, fresh):
        assert model.card.hidden == 16
    states = [model.step(model.initial_state(), context, 60, VELOCITY_UNKNOWN) for model in (committed, fresh)]
    np.testing.assert_allclose(states[0].shift_logits, states[1].shift_logits, atol=1e-5)
    np.testing.assert_allclose(
        committed.duration_logits(states[0], context, 64, 3),
        fresh.duration_logits(states[1], context, 64, 3),
        atol=1e-5,
    )
