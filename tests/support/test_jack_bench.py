"""The instruments of the other JACK tests, tested on themselves."""

from __future__ import annotations

import pytest
from support.jack_bench import JackBench
from support.jack_server import JackServer

pytestmark = pytest.mark.jack


def test_what_one_client_plays_another_records_to_the_frame(jack_server: JackServer) -> None:
    phrase = [(index / 100 + 7 / 48_000, bytes((0x90, 60 + index % 12, 1 + index))) for index in range(50)]
    with JackBench(jack_server, "player") as player, JackBench(jack_server, "recorder") as recorder:
        player.play(phrase, into="recorder:heard")
        recorded = recorder.wait_for(50)
    assert frames(recorded) == frames(phrase)


def test_a_recorder_hears_several_and_playing_elsewhere_leaves_the_last_port(jack_server: JackServer) -> None:
    with (
        JackBench(jack_server, "player") as player,
        JackBench(jack_server, "first") as first,
        JackBench(jack_server, "second") as second,
    ):
        second.listen_to("first:played")
        first.play([(0.0, b"\x90\x01\x01")], into="second:heard")
        player.play([(0.0, b"\x90\x02\x02")], into="first:heard")
        player.wait_for_silence(0.1)
        player.play([(0.0, b"\x90\x03\x03")], into="second:heard")
        assert [data for _, data in second.wait_for(2)] == [b"\x90\x01\x01", b"\x90\x03\x03"]
        assert [data for _, data in first.wait_for_silence(0.1)] == [b"\x90\x02\x02"]


def test_a_long_period_keeps_the_frames_too(jack_server: JackServer) -> None:
    phrase = [(index / 300, bytes((0xB0, 1, index))) for index in range(100)]
    with (
        jack_server.period(1024),
        JackBench(jack_server, "player") as player,
        JackBench(jack_server, "recorder") as recorder,
    ):
        player.play(phrase, into="recorder:heard")
        recorded = recorder.wait_for(100)
    assert frames(recorded) == frames(phrase)


def test_a_client_hears_itself_when_it_said_it_would_play(jack_server: JackServer) -> None:
    with JackBench(jack_server, "echo") as bench:
        start = bench.play([(0.1, b"\x90\x01\x01")], into="echo:heard")
        [(at, _)] = bench.wait_for(1)
    assert abs(at - (start + 0.1)) <= 2 * 64 / 48_000


def frames(timed: list[tuple[float, bytes]]) -> list[tuple[int, bytes]]:
    """Frames since the first message."""
    return [(round((at - timed[0][0]) * 48_000), data) for at, data in timed]
