"""Whether a soak would notice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from support.soak import Sums
from support.soak_ear import Ear, NoteHeard
from support.soak_faults import Back
from support.soak_hands import Hands
from support.soak_health import Health
from support.soak_table import faults_of, table
from support.soak_takes import Written, missing, read_takes
from support.written import save_line

ALL_WELL = Health(100.0, 50.0, 2, 14, 33)
BOTH = Written(1, Counter({(60, 80): 1}), Counter({(62, 70): 1}), [])


def good() -> Sums:
    return Sums(
        back=[Back(0.1, 0.4)],
        health=[ALL_WELL] * 10,
        written=BOTH,
        status=0,
        told="3 turns, 9 notes heard, 8 played, 1 reconnection.",
    )


def test_all_is_well() -> None:
    assert faults_of(good()) == []
    assert "| hanging notes | 0 |" in table(good())


def test_each_broken_promise_is_told() -> None:
    sums = good()
    sums.hanging.append("after: flood")
    sums.unexpected.append("Traceback (most recent call last):\n")
    sums.lost.append("not in a take")
    sums.back.append(Back(0.1, 0.4))
    sums.health.append(ALL_WELL._replace(own_mb=130.0, files=60))
    sums.status, sums.malformed, sums.written = 70, 1, None
    assert faults_of(sums) == [
        "hangs after: flood",
        "not in a take",
        "it said: Traceback (most recent call last):",
        "exit status 70",
        "1 malformed messages",
        "2 ports came back, it counts 1",
        "no take holds both voices",
        "own memory grew by 30.0",
        "files grew by 27.0",
    ]


def test_the_ear_hears_what_hangs_and_what_is_malformed(tmp_path: Path) -> None:
    log = tmp_path / "synth.log"
    ear = Ear(log)
    ear.listen()
    log.write_text("1.0 903c50\n1.1 913e46\n1.2 late\n1.3 f8\n1.3 90")
    ear.listen()
    assert ear.sounding == {(0x90, 60), (0x91, 62)}
    assert ear.notes == [NoteHeard(1.0, 0, 60, 80), NoteHeard(1.1, 1, 62, 70)]
    with log.open("a") as more:  # the line that was cut goes on
        more.write("3c\n1.4 803c00\n1.5 913e00\n1.6 b04040\n")
    ear.listen()
    assert ear.sounding == {(0xB0, 64)}
    assert (ear.messages, ear.messages_but_clock, ear.malformed, ear.late_periods) == (7, 6, 1, 1)
    assert ear.notes_since(1.05, 1) == 1


def test_a_note_that_was_heard_and_is_in_no_take_is_lost() -> None:
    heard = [NoteHeard(1.0, 0, 60, 80), NoteHeard(2.0, 1, 62, 70), NoteHeard(2.01, 1, 62, 70)]
    assert missing(BOTH, heard, [(60, 80)]) == []
    again, other, strange = NoteHeard(3.0, 1, 62, 70), NoteHeard(4.0, 0, 61, 80), NoteHeard(5.0, 0, 1, 1)
    assert missing(BOTH, [*heard, again, other, strange], [(60, 80), (61, 80)]) == [again, other]


def test_a_take_that_does_not_open_and_one_that_is_left_over_are_told(tmp_path: Path) -> None:
    save_line(tmp_path / "good.mid", [60])
    assert read_takes(tmp_path).faults == []
    (tmp_path / "bad.mid").write_bytes((tmp_path / "good.mid").read_bytes()[:30])
    (tmp_path / ".jam.take").touch()
    left, broken = read_takes(tmp_path).faults
    assert left == "left over: .jam.take"
    assert broken.startswith("bad.mid does not open")


@pytest.mark.parametrize("seed", range(5))
def test_no_note_of_the_hands_is_played_twice_and_all_come_up(seed: int) -> None:
    hands = Hands(Random(seed))
    phrases = [hands.phrase() for _ in range(500)]
    notes = [note for phrase in phrases for note in phrase.notes]
    assert len(set(notes)) == len(notes) > 3_000
    for phrase in phrases:
        ups = [data[1] for _, data in phrase.events if data[0] == 0x80]
        assert sorted(ups) == sorted(pitch for pitch, _ in phrase.notes)
        assert max(at for at, _ in phrase.events) == phrase.seconds
