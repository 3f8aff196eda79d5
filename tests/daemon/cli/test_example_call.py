"""examples/call.mid: what its script writes, and a call that a partner can answer."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from mido import MidiFile  # type: ignore[import-untyped]

EXAMPLES = Path(__file__).parents[3] / "examples"
SUSTAIN = 64


class Span(NamedTuple):
    start: float
    end: float
    pitch: int
    velocity: int


def heard() -> tuple[list[Span], list[Span]]:
    """(notes, pedal presses) of the file, in seconds; fails on a note or a pedal that never ends."""
    notes, presses = [], []
    down: dict[int, tuple[float, int]] = {}
    pedal_since: float | None = None
    now = 0.0
    for message in MidiFile(EXAMPLES / "call.mid"):
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            assert message.note not in down, "a key that is down goes down"
            down[message.note] = (now, message.velocity)
        elif message.type == "note_off":
            start, velocity = down.pop(message.note)
            notes.append(Span(start, now, message.note, velocity))
        elif message.type == "control_change" and message.control == SUSTAIN:
            if message.value >= 64:
                pedal_since = now
            elif pedal_since is not None:
                presses.append(Span(pedal_since, now, -1, 0))
                pedal_since = None
    assert down == {}
    assert pedal_since is None
    return sorted(notes), presses


def silences() -> list[float]:
    """Every silence of at least 50 ms in seconds, a pedal held down not being one."""
    notes, presses = heard()
    found, end = [], notes[0].start
    for span in sorted(notes + presses):
        if span.start - end >= 0.05:
            found.append(span.start - end)
        end = max(end, span.end)
    return found


def test_the_script_writes_the_committed_file(tmp_path: Path) -> None:
    again = tmp_path / "again.mid"
    subprocess.run([sys.executable, str(EXAMPLES / "make_call.py"), str(again)], check=True, capture_output=True)
    assert again.read_bytes() == (EXAMPLES / "call.mid").read_bytes()


def test_it_is_four_phrases_with_room_for_an_answer_after_each() -> None:
    found = silences()
    assert len(found) == 3
    assert min(found) > 1.5


def test_it_is_played_by_a_hand() -> None:
    notes, presses = heard()
    beat = 60 / 96
    off_grid = [abs(note.start / (beat / 2) - round(note.start / (beat / 2))) * beat / 2 for note in notes]
    assert len({note.velocity for note in notes}) > 15
    assert 0.003 < sum(off_grid) / len(off_grid) < 0.02
    assert len(presses) == 5


def test_it_lies_on_a_keyboard_and_in_the_key() -> None:
    notes, _ = heard()
    d_minor_with_leading_note = {0, 1, 2, 4, 5, 7, 9, 10}
    assert {note.pitch % 12 for note in notes} <= d_minor_with_leading_note
    assert min(note.pitch for note in notes) >= 36
    assert max(note.pitch for note in notes) <= 96
