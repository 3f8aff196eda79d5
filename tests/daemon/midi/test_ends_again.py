from __future__ import annotations

from musedaemon.midi.ends_again import EndsAgain

ON, OFF, PEDAL_DOWN, PEDAL_UP = b"\x90\x3c\x50", b"\x80\x3c\x40", b"\xb0\x40\x7f", b"\xb0\x40\x00"


def test_what_ended_while_a_client_was_stopped_ends_again_when_it_is_back() -> None:
    again = EndsAgain()
    again.wrote(ON, 9.0)
    for at in (10.0, 10.2, 10.4):
        again.was_late(at)
        again.wrote(OFF, at)
        assert again.due(at) == []
    assert again.due(10.6) == []
    assert again.waits
    assert again.due(10.75) == [OFF]
    assert again.due(11.0) == []
    assert not again.waits


def test_the_server_tells_a_little_later() -> None:
    again = EndsAgain()
    again.wrote(b"\x80\x30\x40", 9.0)
    again.wrote(PEDAL_UP, 9.9)
    again.was_late(10.0)
    assert again.due(10.3) == [PEDAL_UP]


def test_what_began_again_is_left_alone() -> None:
    again = EndsAgain()
    again.was_late(10.0)
    for data in (OFF, PEDAL_UP, ON, PEDAL_DOWN, b"\xf8", b"\xf0\x01\xf7"):
        again.wrote(data, 10.1)
    assert again.due(11.0) == []


def test_where_nobody_is_late_nothing_is_sent_twice() -> None:
    again = EndsAgain()
    again.wrote(OFF, 9.0)
    assert again.due(20.0) == []
    again.was_late(30.0)
    assert again.due(31.0) == []


def test_a_client_that_the_server_says_no_more_of_is_back_when_it_is_late_again() -> None:
    again = EndsAgain()
    again.was_late(10.0)
    again.wrote(OFF, 10.1)
    assert again.due(10.5) == [OFF]
    again.wrote(OFF, 10.5)
    again.was_late(14.0)
    assert again.due(14.5) == [OFF]
    again.wrote(OFF, 14.5)
    again.was_late(41.0)
    assert again.due(41.5) == []
