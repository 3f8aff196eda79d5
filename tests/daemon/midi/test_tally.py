from __future__ import annotations

import pytest

from musedaemon.midi.tally import Tally


def test_it_is_told_once_a_second_with_all_that_came_between(caplog: pytest.LogCaptureFixture) -> None:
    times = iter((10.0, 10.1, 10.9, 11.1, 11.2))
    tally = Tally("notes were left out", lambda: next(times))
    for _ in range(5):
        tally.count()
    assert [record.getMessage() for record in caplog.records] == ["1 notes were left out", "3 notes were left out"]
    assert tally.total == 5
