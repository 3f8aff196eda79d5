from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.fakes import FakeModel
from support.music_files import midi_bytes, tune

from musedaemon_evaluation import pieces, reply_table
from musedaemon_evaluation.calls import Call, cut_calls
from musedaemon_evaluation.copying import longest_copies
from musedaemon_evaluation.measures import distributions, fuller, has_hole, in_key, key_of, on_grid, outside, overlap
from musedaemon_evaluation.reply_report import report
from musedaemon_evaluation.replying import reply_to
from musedaemon_training.notes import Notes, from_columns


def notes(pitches: list[int], onsets: list[int] | None = None, duration: int = 12) -> Notes:
    count = len(pitches)
    return from_columns(
        onset=onsets or [12 * i for i in range(count)],
        duration=[duration] * count,
        pitch=pitches,
        velocity=[70] * count,
        bar_tick=[-1] * count,
    )


C_MAJOR = [60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60, 55, 60]


def a_call(pitches: list[int] = C_MAJOR) -> Call:
    following = notes(pitches[::-1])
    following["onset"] += 192
    return Call("a/piece.mid", "a", 192, notes(pitches), following)


def test_calls_are_whole_bars_and_the_bars_after_them(tmp_path: Path) -> None:
    names = [f"{i}.mid" for i in range(3)]
    for seed, name in enumerate(names):
        (tmp_path / name).write_bytes(midi_bytes(tune(seed + 40, 160)))
    scores = pieces.read(tmp_path, names).scores
    calls = cut_calls(scores, 6, seed=5)
    assert len(calls) == 6
    assert {call.name for call in calls} == set(names)
    for call in calls:
        assert call.length % 96 == 0
        assert call.notes["onset"].min() == 0
        assert (call.notes["onset"] + call.notes["duration"]).max() <= call.length
        assert call.continuation["onset"].min() == call.length
        # The tune is even eighths: eight notes fill each bar.
        assert len(call.notes) == len(call.continuation) == call.length // 12
    again = cut_calls(scores, 6, seed=5)
    assert [call.name for call in again] == [call.name for call in calls]
    assert all(np.array_equal(a.notes, b.notes) for a, b in zip(calls, again, strict=True))


def test_a_piece_too_short_for_call_and_answer_gives_none(tmp_path: Path) -> None:
    (tmp_path / "short.mid").write_bytes(midi_bytes(tune(1, 40)))
    assert cut_calls(pieces.read(tmp_path, ["short.mid"]).scores, 3, seed=1) == []


def test_the_daemons_engine_replies_on_the_calls_own_clock() -> None:
    call = a_call()
    reply = reply_to(FakeModel(), call, seed=1)
    # The reply enters on the beat, which is found in the call's playing, then the fake plays eighths upwards.
    assert int(reply["onset"][0]) == int(call.notes["onset"][-1]) + 48
    assert set(np.diff(reply["onset"].astype(int)).tolist()) <= {12, 72}
    assert len(reply) > 3
    assert np.array_equal(reply, reply_to(FakeModel(), call, seed=1))


def test_what_is_copied_is_found_in_any_key_and_nowhere_across_pieces() -> None:
    source = notes(C_MAJOR)
    quoted = notes([pitch + 3 for pitch in (*C_MAJOR[2:8], 40, 90)])
    sources = [notes([50, 90, 41]), source, notes([67, 50])]
    assert longest_copies([quoted, source, notes([30, 100])], sources) == [6, len(C_MAJOR), 0]
    in_two = notes([*C_MAJOR[-2:], 62])
    assert longest_copies([in_two], [notes(C_MAJOR[:-1]), notes([C_MAJOR[-1], 62])]) == [2]


def test_the_same_notes_in_another_rhythm_are_no_copy() -> None:
    slower = notes(C_MAJOR, onsets=[24 * i for i in range(len(C_MAJOR))])
    assert longest_copies([slower], [notes(C_MAJOR)]) == [0]


def test_distributions_overlap_wholly_with_themselves_and_not_with_strangers() -> None:
    mine = distributions(notes(C_MAJOR))
    assert all(overlap(shares, shares) == pytest.approx(1.0) for shares in mine.values())
    other = distributions(notes([61, 63, 66, 68], onsets=[0, 48, 120, 300], duration=40))
    assert overlap(mine["pitch class"], other["pitch class"]) == 0.0
    assert overlap(mine["duration"], other["duration"]) == 0.0
    silent = distributions(notes([]))
    assert all(shares.sum() == 0.0 for shares in silent.values())


def test_intervals_are_of_the_upper_line_and_density_of_beats() -> None:
    chords = notes([48, 64, 48, 67], onsets=[0, 0, 24, 24])
    found = distributions(chords)
    assert np.flatnonzero(found["interval"]).tolist() == [24 + 3]
    assert np.flatnonzero(found["density"]).tolist() == [2]


def test_keys_are_found_and_their_scales_counted() -> None:
    key = key_of(notes(C_MAJOR))
    assert (key.tonic, 0 in key.scale, 4 in key.scale) == (0, True, True)
    minor = key_of(notes([69, 71, 72, 74, 76, 77, 80, 81, 76, 72, 69, 69]))
    assert (minor.tonic, 3 in minor.scale) == (9, True)
    assert in_key(notes([60, 61, 62, 66]), key) == 0.5


def test_sixteenths_and_triplets_are_on_the_grid() -> None:
    assert on_grid(notes([60] * 6, onsets=[0, 6, 8, 16, 18, 30])) == 1.0
    assert on_grid(notes([60] * 4, onsets=[0, 5, 7, 24])) == 0.5


def test_notes_outside_the_calls_register_are_counted_on_both_sides() -> None:
    call = notes([60, 72])
    assert outside(notes([59, 60, 72, 73]), call) == 0.5
    assert outside(call, call) == 0.0


def test_strikes_with_more_at_once_than_the_call_has_are_counted_also_where_notes_are_held() -> None:
    call = notes([60, 64, 65], onsets=[0, 0, 12])
    held = notes([60, 62, 64, 65], onsets=[0, 12, 24, 36], duration=30)
    assert fuller(held, call) == 0.5
    assert fuller(call, call) == 0.0


def test_a_hole_is_a_silence_that_the_call_has_not() -> None:
    even, gap = notes([60, 62, 64]), notes([60, 62, 64], onsets=[0, 12, 60])
    assert has_hole(gap, even)
    assert not has_hole(gap, notes([60, 62], onsets=[0, 24]))
    assert not has_hole(notes([48, 60, 62], onsets=[0, 0, 48], duration=60), even)
    assert not has_hole(notes([60]), even)


def test_the_report_tells_a_copier_from_an_answer() -> None:
    call, other = a_call(), a_call([50, 53, 57, 58, 51, 63, 55, 56, 60, 49, 52, 70, 41])
    answers = {
        "copier": [call.notes, other.notes],
        "composer": [call.continuation, other.continuation],
        "silent": [notes([]), notes([])],
    }
    found = report([call, other], answers, [notes([60, 61])])
    assert found["copied_from_call"]["copier"]["median"] == len(C_MAJOR)
    assert found["copied_from_corpus"]["copier"]["longest"] < 3
    assert found["unanswered"] == {"copier": 0, "composer": 0, "silent": 2, "human": 0}
    assert found["overlap"]["pitch class"]["composer"] == pytest.approx(1.0)
    assert found["overlap"]["pitch class"]["another piece"] < 0.9
    assert found["in_key"]["silent"] is None
    table = reply_table.as_markdown(reply_table.answers(found)).splitlines()
    assert table[0] == "|  | copier | composer | silent | human |"
    assert table[-1].startswith("| copied from the call | 13 / 13 / 13 |")
