"""The modes in virtual time: what each plays."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from support.fakes import FakeModel, NoEcho
from support.jam import SETTINGS, Jam, jam, melody
from support.modes import CALL, DUET, SOLO, TRADE, key, play

from musedaemon.core.beat_grid import Meter
from musedaemon.core.commands import HandedOver
from musedaemon.core.conversation import LEAD_S
from musedaemon.core.duet import FIRST_HEARD
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.limits import LimitSettings
from musedaemon.core.modes import Mode
from musedaemon.core.player import Player, PlayerTiming
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.signals import By
from musedaemon.core.thru import nothing
from musedaemon.core.turns import Turn
from musedaemon.encoding import TIME_CLASSES, Context
from musedaemon.model.protocol import FloatArray, State


def spans(done: Jam) -> list[tuple[float, float]]:
    return [(done.planned[serial].at, done.planned[serial].until) for serial in sorted(done.planned)]


# Trade: two bars of 4 beats at 120 bpm are four seconds.


def test_a_duet_hears_the_first_notes_of_a_session_before_it_joins_in() -> None:
    done = play(DUET, CALL)
    onsets = [event.at for event in CALL if isinstance(event, NoteOn)]
    assert onsets[FIRST_HEARD - 1] <= done.notes()[0].at < onsets[-1]


@pytest.mark.parametrize("certain", [True, False])
def test_trading_the_reply_fills_its_bars_and_is_over_by_the_bar_line(certain: bool) -> None:
    done = play(TRADE, CALL, certain=certain)
    assert [over.at for over in done.turns] == pytest.approx([8.0])
    assert not done.turns[0].withdrawn
    begins, ends = zip(*spans(done), strict=True)
    assert 4.0 <= min(begins) <= 4.5 + 1 / 48
    assert 7.0 <= max(ends) <= 8.0 + 1e-6


def test_trading_a_reply_that_enters_late_squeezes_no_notes_in_before_the_bar_line() -> None:
    done = play(replace(TRADE, trade_bars=1, meter=Meter(2)), melody([60, 62], start=0.3, step=0.25))
    assert [round(note.at, 6) for note in done.notes()] == [1.8, 2.05]
    assert done.turns[0].at == pytest.approx(2.3)


@pytest.mark.parametrize("seed", range(24))
def test_trading_single_beats_every_note_has_a_length(seed: int) -> None:
    wild = replace(
        TRADE, trade_bars=1, meter=Meter(1), seed=seed, sampling=SamplingSettings(temperature=3.0, top_p=1.0)
    )
    done = play(wild, melody([60, 62], start=0.3, step=0.28, length=0.2), certain=False)
    assert done.turns
    assert all(note.until - note.at > 0.02 for note in done.planned.values())


def test_trading_the_bars_of_the_musician_are_counted_from_ours() -> None:
    late = melody([72, 71, 69], start=9.0)
    done = play(TRADE, CALL, late)
    assert [over.at for over in done.turns] == pytest.approx([8.0, 16.0])
    assert min(note.at for note in done.notes() if note.at > 8.0) >= 12.0


def test_trading_a_pick_up_in_our_last_beat_and_a_last_note_in_our_first_take_nothing_back() -> None:
    last, pick_up = melody([60], start=4.1), melody([67, 69, 71], start=7.6)
    done = play(TRADE, CALL, last, pick_up)
    assert [over.at for over in done.turns] == pytest.approx([8.0, 16.0])
    assert not any(over.withdrawn for over in done.turns)
    assert min(note.at for note in done.notes() if note.at > 8.0) >= 12.0


def test_trading_a_note_in_mid_bars_takes_the_turn_and_bar_one_begins_with_it() -> None:
    done = play(TRADE, CALL, melody([67, 69, 71], start=6.2))
    assert [over.at for over in done.turns] == pytest.approx([6.2, 6.2 + 8.0])
    assert [over.withdrawn for over in done.turns] == [True, False]
    assert min(note.at for note in done.notes() if note.at > 6.2) >= 10.2


def test_trading_it_waits_for_a_musician_who_plays_nothing_in_their_bars() -> None:
    done = play(TRADE, CALL, melody([67, 69, 71], start=31.3))
    assert [over.at for over in done.turns] == pytest.approx([8.0, 31.3 + 8.0])
    assert [note for note in done.notes() if 8.0 < note.at < 35.3] == []


def test_trading_a_signal_begins_our_bars_at_once() -> None:
    done = play(TRADE, CALL[:6], key(1.6))
    assert done.turns[0].at == pytest.approx(1.6 + 4.0, abs=0.011)


def test_trading_the_tempo_is_found_in_mid_phrase() -> None:
    call = melody([60, 62, 64, 65, 67, 65, 64, 62], step=0.625, length=0.5)
    done = jam(call, TRADE, bpm=None)
    assert done.turns[0].bpm == pytest.approx(96, rel=0.02)
    assert done.turns[0].at == pytest.approx(16 * 0.625, rel=0.02)


def test_trading_the_end_of_their_phrase_on_our_first_beat_belongs_to_the_call() -> None:
    late = melody([60], start=4.1)
    done = play(TRADE, CALL, late, melody([67, 69], start=8.0))
    assert [(over.call_notes, over.withdrawn) for over in done.turns] == [(9, False), (2, False)]
    assert [told.call_at for told in done.story if isinstance(told, HandedOver)] == pytest.approx([0.0, 8.0])


def test_trading_a_pick_up_is_answered_also_where_our_bars_are_taken_back_after_it() -> None:
    done = play(TRADE, CALL, melody([67, 69], start=7.6, step=0.1, length=0.05), key(7.8))
    assert [over.call_notes for over in done.turns] == [8, 2]
    assert [over.at for over in done.turns] == pytest.approx([7.8, 7.6 + 8.0])


# Duet


def test_in_a_duet_both_play_at_the_same_time_apart_from_each_other() -> None:
    hands = melody([72, 74, 76, 77, 79, 77, 76, 74] * 2)
    done = play(DUET, hands, certain=False)
    together = [note for note in done.notes() if 0.0 < note.at < 7.5]
    assert len(together) >= 4
    assert max(note.pitch for note in done.notes()) <= 72 - 3
    low = play(DUET, melody([40, 41, 43, 45, 43, 41, 40, 38]), certain=False)
    assert min(note.pitch for note in low.notes()) >= 45


def test_in_a_duet_what_is_pending_is_planned_anew_and_what_sounds_goes_on() -> None:
    done = play(DUET, CALL, certain=False)
    left = {(event.at, event.pitch) for event in done.notes()}
    # A note may be planned anew at the same place: the last plan is what is played.
    plans = {(note.at, note.pitch): note for _, note in sorted(done.planned.items())}
    whole = [note for place, note in plans.items() if place in left]
    assert len(whole) < len(done.planned)  # some were cancelled
    ended = {(event.at, event.pitch) for event in done.response if isinstance(event, NoteOff)}
    assert {(note.until, note.pitch) for note in whole} == ended


class LongNotes(FakeModel):
    """Every note lasts two and a half beats."""

    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        return self._peak(TIME_CLASSES, 60, 1.0)


@pytest.mark.parametrize("bpm", [120.0, None])
@pytest.mark.parametrize("model", [FakeModel(False), LongNotes(False)])
def test_in_a_duet_the_limits_hold_from_plan_to_plan(model: FakeModel, bpm: float | None) -> None:
    hands = melody([72, 74, 76, 77, 79, 77, 76, 74] * 3, step=0.3, length=0.2)
    line = jam(hands, replace(SETTINGS, mode=Mode.DUET, limits=LimitSettings(polyphony=1)), model, bpm)
    sounding = most = 0
    for event in sorted(line.response, key=lambda event: (round(event.at, 6), isinstance(event, NoteOn))):
        sounding += isinstance(event, NoteOn) - isinstance(event, NoteOff)
        most = max(most, sounding)
    assert most == 1
    sparse = jam(hands, replace(SETTINGS, mode=Mode.DUET, limits=LimitSettings(density=0.5)), model, bpm)
    strikes = sorted({note.at for note in sparse.notes()})
    quickest = max(found.bpm for found in sparse.tempi)
    assert len(strikes) > 3
    assert all(after - before > 1.9 * 60.0 / (bpm or quickest) for before, after in pairwise(strikes))


@pytest.mark.parametrize("offset", [0.4, 0.5])
def test_in_a_duet_notes_that_leave_early_are_settled_by_then(offset: float) -> None:
    player = Player(NoEcho(), nothing, PlayerTiming(offset, max_lateness=0.06))
    jam(
        melody([60, 62, 64, 65, 67, 65, 64, 62] * 2),
        replace(DUET, lead_s=LEAD_S + offset),
        FakeModel(certain=False),
        player=player,
    )
    assert player.notes_played > 10
    assert player.notes_dropped <= 2, "but for what was planned as they must have left"


def test_a_duet_comes_to_rest_about_a_bar_after_the_musician() -> None:
    done = play(DUET, CALL, certain=False)
    assert done.engine.turn is Turn.WAITING
    assert [(over.number, over.call_notes, over.withdrawn) for over in done.turns] == [(1, 8, False)]
    assert done.turns[0].reply_notes == len(done.notes())
    assert max(event.at for event in done.response) <= 3.9 + 2 * 0.5 + 5 * 0.5 + 0.5


def test_in_a_duet_a_signal_lets_it_fall_silent_and_join_again() -> None:
    hands = melody([72, 74, 76, 77] * 6)
    done = play(DUET, hands, key(3.1), key(8.1), certain=False)
    assert not [note for note in done.notes() if 3.1 < note.at < 8.1]
    assert [note for note in done.notes() if note.at < 3.1]
    assert [note for note in done.notes() if 8.1 < note.at < 12]
    assert max(event.at for event in done.response if event.at < 8.1) <= 3.1


def test_in_a_duet_it_plays_while_a_hold_is_held_and_at_no_other_time() -> None:
    hands = melody([72, 74, 76, 77] * 6)
    held: list[MidiEvent] = [NoteOn(4.1, 0, 21, 50), NoteOff(8.1, 0, 21)]
    notes = play(DUET, hands, held, certain=False, by=By.HOLD).notes()
    assert notes
    assert all(4.1 < note.at <= 8.1 for note in notes)


def test_a_duet_waits_for_the_tempo() -> None:
    done = jam(melody([60, 62, 64, 65, 67, 65, 64, 62], step=0.625), DUET, FakeModel(certain=False), bpm=None)
    assert done.turns[0].bpm == pytest.approx(96, rel=0.02)
    assert min(note.at for note in done.notes()) > 3 * 0.625


# Solo and listening


def test_a_solo_goes_on_until_the_musician_comes_in() -> None:
    endless = replace(SOLO, longest_beats=float("inf"))
    done = play(endless, CALL, melody([60], start=200.0), key(203.0))
    assert done.turns[0].withdrawn
    assert done.turns[0].at == 200.0
    assert done.turns[0].reply_beats > 380
    assert [over.at for over in done.turns[1:]] == [203.0]


def test_a_solo_over_a_file_ends() -> None:
    over = play(SOLO, CALL, waits=True).turns[0]
    assert 12 <= over.reply_beats <= 16.1
    assert not over.withdrawn


def test_listening_it_plays_nothing_and_learns() -> None:
    done = play(replace(SETTINGS, mode=Mode.LISTEN), CALL, key(4.5))
    assert done.response == []
    assert len(done.engine.memory) == 8
    assert done.engine.turn is Turn.WAITING


@pytest.mark.parametrize("mode", [Mode.DUET, Mode.LISTEN])
def test_where_nobody_hands_over_every_tempo_is_told_from_where_it_holds(mode: Mode) -> None:
    slow = melody([60, 62, 64, 65, 67, 65, 64, 62], step=0.6)
    quick = melody([60, 62, 64, 65, 67, 65, 64, 62], start=20.0, step=0.45)
    done = jam([*slow, *quick], replace(SETTINGS, mode=mode), bpm=None)
    last_of = {}
    for found in done.tempi:
        last_of[found.at < 15.0] = found
    assert (last_of[True].bpm, last_of[False].bpm) == pytest.approx((100.0, 133.3), rel=0.02)
    assert min(found.at for found in done.tempi if found.at > 15.0) == 20.0
