"""Whether the takes of a soak hold what was played: looked into with mido alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from support.midi_balance import note_ons, unbalanced
from support.soak_ear import NoteHeard
from support.soak_hands import Note
from support.soak_rig import RESPONSE_CHANNEL
from support.written import tracks

_TWICE_WITHIN_S = 0.05
"""JACK hands a period on again in place of one that is late: the same note so soon is the same note."""


class Written(NamedTuple):
    """The notes in all takes of a folder, and what is wrong with it."""

    files: int
    call: Counter[Note]
    response: Counter[Note]
    faults: list[str]


def read_takes(folder: Path) -> Written:
    """Open all of them."""
    call: Counter[Note] = Counter()
    response: Counter[Note] = Counter()
    files = sorted(folder.glob("*.mid"))
    faults = [f"left over: {path.name}" for path in folder.glob(".*")]
    for path in files:
        try:
            found = tracks(path)
        except (OSError, EOFError, ValueError, KeyError) as error:
            faults.append(f"{path.name} does not open: {error!r}")
            continue
        call += _notes(data for data in found.get("call", []) if data[0] & 0x0F == 0)
        response += _notes(found.get("response", []))
        if hanging := unbalanced(found.get("response", [])):
            faults.append(f"{path.name}: these hang in its response: {hanging}")
    return Written(len(files), call, response, faults)


def missing(written: Written, heard: Iterable[NoteHeard], played: Iterable[Note]) -> list[NoteHeard]:
    """What the synth heard, of these notes of the musician's or of the replies, and no take holds."""
    mine = set(played)
    left = {0: Counter(written.call), RESPONSE_CHANNEL: Counter(written.response)}
    last: dict[tuple[int, int, int], float] = {}
    lost = []
    for one in heard:
        twice = one.at - last.get(one[1:], float("-inf")) < _TWICE_WITHIN_S
        last[one[1:]] = one.at
        note = one.pitch, one.velocity
        if twice or one.channel not in left or (one.channel == 0 and note not in mine):
            continue
        left[one.channel][note] -= 1
        if left[one.channel][note] < 0:
            lost.append(one)
    return lost


def _notes(messages: Iterable[bytes]) -> Counter[Note]:
    return Counter((data[1], data[2]) for data in note_ons(messages))
