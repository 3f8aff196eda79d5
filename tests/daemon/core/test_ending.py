from __future__ import annotations

import numpy as np
import pytest
from support.fakes import FakeModel
from support.jam import jam, melody

from musedaemon.core.commands import PlannedNote
from musedaemon.core.ending import TailNote, best_ending, ending_score, homecoming
from musedaemon.core.moment import Moment, opening
from musedaemon.core.scales import MAJOR, Scale
from musedaemon.encoding import TIME_CLASSES, Context
from musedaemon.model.protocol import State


def moment(rest_probability: float) -> Moment:
    """At tick 0, where the next note comes after 12 ticks, or with some probability after 48."""
    logits = np.full(TIME_CLASSES, -60.0, dtype=np.float32)
    logits[12], logits[48] = np.log(1 - rest_probability), np.log(rest_probability)
    blank = opening(FakeModel(), 0.0)
    return blank._replace(state=blank.state._replace(shift_logits=logits))


def tail(*endings: float | None) -> list[TailNote]:
    note = PlannedNote(0, 0.0, 1.0, 0, 60, 80)
    return [TailNote(note._replace(serial=i), moment(0.5), ending) for i, ending in enumerate(endings)]


def test_on_target_the_score_of_a_beat_is_the_probability_of_a_rest() -> None:
    assert ending_score(moment(0.25), end=24, share=1.0) == pytest.approx(np.log(0.25), rel=1e-4)


def test_a_longer_last_note_ends_better_up_to_two_beats() -> None:
    scores = [ending_score(moment(0.999), end, 1.0) for end in (3, 6, 12, 24, 36)]
    assert scores == sorted(set(scores))
    surely_rests = moment(0.999)
    logits = surely_rests.state.shift_logits.copy()
    logits[-1] = 40.0
    surely_rests = surely_rests._replace(state=surely_rests.state._replace(shift_logits=logits))
    assert ending_score(surely_rests, 96, 1.0) == pytest.approx(ending_score(surely_rests, 48, 1.0))


def test_what_still_sounds_is_no_rest() -> None:
    assert ending_score(moment(0.25), end=40, share=1.0) < np.log(1e-6)


def test_off_target_costs() -> None:
    assert ending_score(moment(0.5), 12, 1.0) > ending_score(moment(0.5), 12, 1.2)
    assert ending_score(moment(0.5), 12, 0.8) == pytest.approx(ending_score(moment(0.5), 12, 1.2))


@pytest.mark.parametrize(
    ("sounding", "at_home"),
    [([48, 64], 2), ([48], 2), ([48, 65], 1), ([43, 60], 1), ([43, 62], 0), ([48, 63], 1), ([], 0)],
)
def test_a_phrase_comes_home_with_its_bass_on_the_tonic_and_its_top_in_the_chord(
    sounding: list[int], at_home: int
) -> None:
    assert homecoming(sounding, Scale(0, MAJOR)) == pytest.approx(at_home)
    assert homecoming(sounding, None) == 0.0


@pytest.mark.parametrize(
    ("kind", "triad"),
    [
        ("major", {9, 1, 4}),
        ("minor", {9, 0, 4}),
        ("dorian", {9, 0, 4}),
        ("blues", {9, 0, 4}),
        ("major blues", {9, 1, 4}),
    ],
)
def test_the_chord_of_a_scale(kind: str, triad: set[int]) -> None:
    assert Scale(9, kind).triad == triad


def test_the_best_ending_is_taken_and_never_inside_a_chord() -> None:
    assert [n.note.serial for n in best_ending(tail(-3.0, -1.0, None, -2.0), at_the_end=-5.0)] == [0]
    assert [n.note.serial for n in best_ending(tail(-3.0, None, None), at_the_end=-5.0)] == []
    assert [n.note.serial for n in best_ending(tail(-3.0, -4.0, -5.0), at_the_end=-0.5)] == [0, 1, 2]


class RestsAfterG(FakeModel):
    """Goes on for ever in eighths, but after a G a rest is not unlikely."""

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        stepped = super().step(state, context, pitch, velocity)
        logits = stepped.shift_logits.copy()
        logits[72] = 36.0 if pitch % 12 == 7 else 0.0
        return stepped._replace(shift_logits=logits)


def test_a_reply_that_never_rests_ends_where_a_rest_is_likeliest() -> None:
    notes = jam(melody([60, 62, 64, 65, 67, 65, 64, 67]), model=RestsAfterG()).notes()
    assert notes[-1].pitch % 12 == 7
