from __future__ import annotations

import pytest

from musedaemon.midi.shedding import may_be_shed


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x3c\x40", b"\x9f\x3c\x00", b"\xb0\x40\x00", b"\xb3\x42\x3f", b"\xb0\x45\x00", b"\xb0\x78\x00",
        b"\xb0\x7b\x00", b"\xb0\x7f\x00", b"\xf8", b"\xfa", b"\xfb", b"\xfc", b"\xf2\x00\x00", b"\xff",
    ],
)  # fmt: skip
def test_what_ends_something_and_the_clock_are_never_left_out(data: bytes) -> None:
    assert not may_be_shed(data)


@pytest.mark.parametrize(
    "data", [b"\x90\x3c\x01", b"\xb0\x40\x40", b"\xb0\x01\x00", b"\xe0\x00\x40", b"\xf0\x01\xf7", b"\xfe", b"\x90"]
)
def test_what_starts_something_or_colours_it_is(data: bytes) -> None:
    assert may_be_shed(data)
