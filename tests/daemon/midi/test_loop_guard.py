from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.midi import wire
from musedaemon.midi.loop_guard import MOST_A_SECOND, MOST_REMEMBERED, LoopGuard

C4 = (0, 60)
ON = NoteOn(0.0, 0, 60, 80)


def pedal(at: float, value: int) -> ControlChange:
    return ControlChange(at, 0, 64, value)


def test_our_response_is_heard_back_once() -> None:
    guard = LoopGuard()
    guard.sent_response(1.0, ON)
    assert guard.is_echo(NoteOn(1.05, 0, 60, 80), set())
    assert not guard.is_echo(NoteOn(1.06, 0, 60, 80), set())


@pytest.mark.parametrize(
    "event",
    [
        NoteOn(1.05, 1, 60, 80),
        NoteOn(1.05, 0, 61, 80),
        NoteOn(1.05, 0, 60, 81),
        NoteOn(1.11, 0, 60, 80),
        NoteOff(1.05, 0, 60, 80),
    ],
)
def test_another_channel_key_or_strength_or_a_late_one_is_no_echo(event: MidiEvent) -> None:
    guard = LoopGuard()
    guard.sent_response(1.0, ON)
    assert not guard.is_echo(event, {C4})


def test_a_thru_note_is_an_echo_while_its_key_is_down() -> None:
    guard = LoopGuard()
    guard.sent_thru(1.0, ON)
    assert guard.is_echo(NoteOn(1.09, 0, 60, 80), {C4})
    assert not guard.is_echo(NoteOn(1.095, 0, 60, 80), {C4})


def test_a_key_struck_again_with_the_same_strength_is_heard() -> None:
    guard = LoopGuard()
    guard.sent_thru(1.0, ON)
    assert not guard.is_echo(NoteOn(1.04, 0, 60, 80), set())


def test_a_drum_pads_note_of_a_few_milliseconds_starts_no_loop() -> None:
    guard = LoopGuard()
    guard.sent_thru(1.0, ON)
    guard.sent_thru(1.003, NoteOff(1.003, 0, 60))
    assert guard.is_echo(NoteOn(1.012, 0, 60, 80), set())


def test_clock_is_never_an_echo() -> None:
    guard = LoopGuard()
    for beat in range(50):
        assert not guard.is_echo(Other(beat / 50, b"\xf8"), set())
        guard.sent_thru(beat / 50, Other(beat / 50, b"\xf8"))


@pytest.mark.parametrize("data", [b"\xf8", b"\xf1\x23"])
def test_without_a_loop_all_of_a_fast_clock_or_time_code_may_pass(data: bytes) -> None:
    guard = LoopGuard()
    for step in range(1_000):
        event = Other(step / 180, data)
        assert guard.may_pass(event)
        guard.sent_thru(event.at, event)
        assert not guard.is_echo(event, set())


def test_a_clock_that_came_back_may_pass_again_after_a_rest() -> None:
    guard = LoopGuard()
    assert sum(guard.may_pass(Other(step / 1_000, b"\xf8")) for step in range(1_000)) == MOST_A_SECOND
    assert not guard.may_pass(Other(1.9, b"\xf8"))
    assert guard.may_pass(Other(3.0, b"\xf8"))


def test_without_a_loop_no_note_off_is_swallowed_and_with_one_its_echo_is() -> None:
    off = NoteOff(1.04, 0, 60)
    looped, plain = LoopGuard(), LoopGuard()
    for guard in (looped, plain):
        guard.sent_thru(0.99, NoteOn(0.99, 0, 62, 80))
        guard.sent_thru(1.0, ON)
    assert looped.is_echo(NoteOn(1.0, 0, 62, 80), {(0, 62)})
    assert looped.is_echo(NoteOn(1.01, 0, 60, 80), {C4, (0, 62)})
    for guard, is_echo in ((looped, True), (plain, False)):
        guard.sent_thru(1.03, off)
        assert guard.is_echo(off, {C4}) == is_echo


def test_a_note_equal_to_ours_swallows_no_note_off_of_a_key_that_is_down() -> None:
    guard = LoopGuard()
    guard.sent_response(1.0, ON)
    guard.sent_thru(1.01, NoteOn(1.01, 0, 64, 80))
    assert guard.is_echo(NoteOn(1.03, 0, 60, 80), {(0, 64)})  # the player struck what we had just played
    assert not guard.is_echo(NoteOff(1.04, 0, 64), {(0, 64)})
    guard.sent_thru(1.04, NoteOff(1.04, 0, 64))
    guard.sent_thru(1.07, NoteOn(1.07, 0, 64, 80))
    assert not guard.is_echo(NoteOff(1.1, 0, 64), {(0, 64)})


def test_a_pedal_that_comes_back_is_ignored_and_one_that_bounces_is_not() -> None:
    looped, plain = LoopGuard(), LoopGuard()
    for guard in (looped, plain):
        guard.sent_thru(0.0, pedal(0.0, 127))
    assert looped.is_echo(pedal(0.05, 127), set())
    bounces = [pedal(1.0, 127), pedal(1.02, 0), pedal(1.04, 127), pedal(1.06, 0)]
    assert [_through(plain, event) for event in bounces] == [True] * 4


def test_a_loop_that_is_patched_in_later_is_found_out() -> None:
    guard = LoopGuard()
    for index in range(20):
        guard.sent_thru(float(index), pedal(0.0, index))
    rounds, at = 0, 20.0
    guard.sent_thru(at, pedal(at, 1))
    while _through(guard, pedal(at + 0.01, 1)):
        rounds, at = rounds + 1, at + 0.01
        assert rounds < 8
    assert rounds > 0


def _through(guard: LoopGuard, event: MidiEvent) -> bool:
    """Whether the event gets past the guard; it is sent on then."""
    if guard.is_echo(event, set()):
        return False
    guard.sent_thru(event.at, event)
    return True


def test_memory_is_bounded() -> None:
    guard = LoopGuard()
    for index in range(3 * MOST_REMEMBERED):
        guard.sent_response(1.0, NoteOn(1.0, index % 16, index // 16 % 128, 1 + index // 2048))
    echoes = sum(guard.is_echo(NoteOn(1.0, i % 16, i // 16 % 128, 1 + i // 2048), set()) for i in range(3_072))
    assert echoes == MOST_REMEMBERED


PITCHES = st.integers(60, 64)
EVENTS = st.lists(
    st.one_of(
        st.builds(NoteOn, st.floats(0, 5), st.integers(0, 1), PITCHES, st.integers(1, 127)),
        st.builds(NoteOff, st.floats(0, 5), st.integers(0, 1), PITCHES, st.just(64)),
        st.builds(ControlChange, st.floats(0, 5), st.integers(0, 1), st.integers(0, 3), st.integers(0, 127)),
        st.builds(Other, st.floats(0, 5), st.sampled_from([b"\xf8", b"\xe0\x00\x40", b"\xf0\x01\xf7", b"\xc0\x05"])),
    ),
    max_size=60,
)


@given(EVENTS, st.sets(st.tuples(st.integers(0, 1), PITCHES)))
def test_nothing_is_swallowed_when_nothing_was_sent(events: list[MidiEvent], held: set[tuple[int, int]]) -> None:
    guard = LoopGuard()
    assert not any(guard.is_echo(event, held) for event in sorted(events, key=lambda event: event.at))


@dataclass
class Loop:
    """A player, a daemon with thru, and a cable from its output back to its input that takes `latency` seconds."""

    latency: float
    guard: LoopGuard = field(default_factory=LoopGuard)
    held: set[tuple[int, int]] = field(default_factory=set)
    passed: Counter[bytes] = field(default_factory=Counter)
    queue: list[tuple[float, int, MidiEvent | None, bytes]] = field(default_factory=list)
    count: int = 0

    def push(self, at: float, event: MidiEvent | None, response: bytes = b"") -> None:
        self.count += 1
        assert self.count < 2_000, "the loop never ends"
        heapq.heappush(self.queue, (at, self.count, event, response))

    def run(self) -> None:
        while self.queue:
            at, _, event, response = heapq.heappop(self.queue)
            if event is None:
                played = wire.decode(response, at)
                assert played is not None
                self.guard.sent_response(at, played)
                self.push(at + self.latency, played._replace(at=at + self.latency))
            elif not self.guard.is_echo(event, self.held) and not self._is_orphan(event):
                self._accept(event)

    def _is_orphan(self, event: MidiEvent) -> bool:
        return isinstance(event, NoteOff) and (event.channel, event.pitch) not in self.held

    def _accept(self, event: MidiEvent) -> None:
        data = wire.encode(event)
        self.passed[data] += 1
        if isinstance(event, NoteOn):
            self.held.add((event.channel, event.pitch))
        elif isinstance(event, NoteOff):
            self.held.discard((event.channel, event.pitch))
        self.guard.sent_thru(event.at, event)
        back = event.at + self.latency
        self.push(back, wire.decode(data, back))


STRIKES = st.lists(st.tuples(st.integers(0, 60), PITCHES, st.sampled_from([64, 80])), max_size=30)
CONTROLS = st.lists(st.tuples(st.floats(0, 6), st.integers(0, 2), st.integers(0, 3)), max_size=30)


@given(st.floats(0.001, 0.095), STRIKES, STRIKES, CONTROLS)
def test_of_all_that_is_sent_into_a_loop_nothing_comes_through_again(
    latency: float,
    played: list[tuple[int, int, int]],
    answered: list[tuple[int, int, int]],
    controls: list[tuple[float, int, int]],
) -> None:
    loop = Loop(latency)
    genuine: Counter[bytes] = Counter()
    for step, pitch, velocity in {(step, pitch): (step, pitch, velocity) for step, pitch, velocity in played}.values():
        notes: list[MidiEvent] = [NoteOn(step * 0.15, 0, pitch, velocity), NoteOff(step * 0.15 + 0.12, 0, pitch)]
        for event in notes:
            loop.push(event.at, event)
            genuine[wire.encode(event)] += 1
    for step, pitch, velocity in answered:
        loop.push(step * 0.15 + 0.07, None, wire.encode(NoteOn(0.0, 1, pitch, velocity)))
        loop.push(step * 0.15 + 0.14, None, wire.encode(NoteOff(0.0, 1, pitch)))
    for at, control, value in controls:
        loop.push(at, ControlChange(at, 0, control, value))
        genuine[wire.encode(ControlChange(at, 0, control, value))] += 1
    loop.run()
    assert loop.passed == genuine


@given(st.lists(st.tuples(PITCHES, st.floats(0.015, 0.2), st.floats(0.015, 0.2)), max_size=60))
def test_without_a_loop_every_note_of_a_fast_hand_of_one_strength_is_heard(
    strikes: list[tuple[int, float, float]],
) -> None:
    guard = LoopGuard()
    now = 0.0
    for pitch, length, gap in strikes:
        for event in (NoteOn(now, 0, pitch, 64), NoteOff(now + length, 0, pitch)):
            held = {(0, pitch)} if isinstance(event, NoteOff) else set()
            assert not guard.is_echo(event, held)
            guard.sent_thru(event.at, event)
            guard.sent_response(event.at, NoteOn(0.0, 1, pitch, 64))
        now += length + gap
