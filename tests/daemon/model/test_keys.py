from __future__ import annotations

import numpy as np
import pytest

from musedaemon.model.keys import key_of, key_size


@pytest.mark.parametrize(("hidden", "size"), [(16, 16), (128, 128), (200, 128), (384, 128), (512, 128)])
def test_a_key_is_short_and_of_length_one(hidden: int, size: int) -> None:
    key = key_of(np.random.default_rng(0).normal(size=(2, 1, hidden)).astype(np.float32))
    assert key.shape == (size,) == (key_size(hidden),)
    assert np.linalg.norm(key) == pytest.approx(1.0)


def test_the_layers_are_added_up_and_their_parts_too() -> None:
    h = np.zeros((2, 1, 256), dtype=np.float32)
    h[0, 0, 3], h[1, 0, 3], h[1, 0, 131], h[0, 0, 7] = 1.0, 0.5, 1.5, 4.0
    key = key_of(h)
    assert key[3] == pytest.approx(0.6)
    assert key[7] == pytest.approx(0.8)


def test_units_that_fill_no_whole_part_count_too() -> None:
    h = np.zeros((1, 1, 200), dtype=np.float32)
    h[0, 0, 130] = -2.0
    assert key_of(h)[2] == -1.0


def test_nothing_heard_has_a_key_too() -> None:
    assert not key_of(np.zeros((2, 1, 512), dtype=np.float32)).any()
