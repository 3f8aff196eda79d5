from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.ledger import Ledger, Sounding

moves = st.lists(
    st.tuples(st.sampled_from(["strike", "release"]), st.integers(0, 2), st.integers(60, 63), st.integers(0, 30)),
    max_size=60,
)


def test_a_struck_pitch_is_released_once() -> None:
    ledger = Ledger()
    assert ledger.owner(0, 60) is None
    ledger.strike(0, 60, 1)
    assert ledger.release(0, 60, 1)
    assert not ledger.release(0, 60, 1)


def test_a_pitch_struck_again_is_off_first_and_its_old_off_is_dropped() -> None:
    ledger = Ledger()
    ledger.strike(0, 60, 1)
    assert ledger.owner(0, 60) == 1
    ledger.strike(0, 60, 2)
    assert not ledger.release(0, 60, 1)
    assert ledger.sounding() == [Sounding(0, 60, 2)]
    assert ledger.release(0, 60, 2)


def test_channels_are_apart() -> None:
    ledger = Ledger()
    ledger.strike(0, 60, 1)
    assert ledger.owner(1, 60) is None
    ledger.strike(1, 60, 2)
    assert not ledger.release(1, 60, 1)
    assert len(ledger) == 2


@given(moves)
def test_ons_and_offs_sent_alternate_on_every_pitch_and_all_end(steps: list[tuple[str, int, int, int]]) -> None:
    ledger = Ledger()
    sent: dict[tuple[int, int], list[str]] = {}
    for number, (move, channel, pitch, older) in enumerate(steps):
        place = sent.setdefault((channel, pitch), [])
        if move == "strike":
            place += ["on"] if ledger.owner(channel, pitch) is None else ["off", "on"]
            ledger.strike(channel, pitch, number)
        elif ledger.release(channel, pitch, older):
            place.append("off")
    for channel, pitch, strike in ledger.sounding():
        assert ledger.release(channel, pitch, strike)
        sent[channel, pitch].append("off")
    assert len(ledger) == 0
    for place in sent.values():
        assert place == ["on", "off"] * (len(place) // 2)
