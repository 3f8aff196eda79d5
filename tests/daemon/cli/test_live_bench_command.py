"""What `musedaemon bench --live` prints."""

from __future__ import annotations

from musedaemon.cli.live_bench import judgement, live_lines
from musedaemon.run.live_bench import Beside, LiveFigures, Load, Spread


def figures(ms: float, load: Load = Load.IDLE, lost: int = 0) -> LiveFigures:
    ours = Beside(Spread(ms / 4, ms / 2, ms, 2 * ms, 192), Spread(ms / 8, ms / 4, ms / 2, ms, 200))
    return LiveFigures(load, ours, ours, ours, Spread(ms, ms, ms, ms, 8), Spread(600, 700, 700, 700, 8), lost)


def test_each_figure_stands_above_the_bare_one_and_their_ratio() -> None:
    lines = live_lines(figures(2.0))
    assert lines[:5] == [
        "idle, in ms",
        "                                                 p50     p95     p99     max",
        "  thru, from key to sound (192)                 0.50    1.00    2.00    4.00",
        "    a bare echo (200)                           0.25    0.50    1.00    2.00",
        "    times that                                   2.0     2.0     2.0     2.0",
    ]
    assert lines[-2] == "  the first of a reply (8)                      2.00    2.00    2.00    2.00"
    assert not any("never heard" in line for line in lines)


def test_what_was_lost_is_told() -> None:
    assert live_lines(figures(2.0, lost=3))[-1] == "  3 notes were played and never heard"


def test_one_sentence_says_what_a_player_feels() -> None:
    quick, slow, hopeless = figures(2.0), figures(12.0, Load.BOTH), figures(90.0, Load.BOTH)
    assert judgement([quick, figures(4.0, Load.BOTH)]).startswith("Nobody will feel this: 99 of 100 notes pass")
    assert "some notes under load" in judgement([quick, slow])
    assert "some notes even without load" in judgement([figures(9.0), slow])
    assert "heard on a busy machine" in judgement([quick, hopeless])
    assert "heard on this machine as it is now" in judgement([figures(50.0), hopeless])
