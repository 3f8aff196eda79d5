"""The names of scales as people write them: `C major`, `Am`, `F# dorian`, `b-flat minor pentatonic`."""

from __future__ import annotations

from collections.abc import Iterator

from musedaemon.config.spelling import did_you_mean
from musedaemon.core.scales import MAJOR, MINOR, PITCH_CLASSES, STEPS, Scale

OFF, LEAN, AUTO = "off", "lean", "auto"
_NO_SCALES = (OFF, LEAN, AUTO)
_LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {" sharp": 1, " flat": -1, "sharp": 1, "flat": -1, "#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}
_OTHER_KINDS = {
    "": MAJOR,
    "maj": MAJOR,
    "dur": MAJOR,
    "ionian": MAJOR,
    "m": MINOR,
    "min": MINOR,
    "moll": MINOR,
    "aeolian": MINOR,
    "natural minor": MINOR,
    "mixo": "mixolydian",
    "major pentatonic": "pentatonic",
    "pentatonic major": "pentatonic",
    "pentatonic minor": "minor pentatonic",
    "minor blues": "blues",
    "blues minor": "blues",
    "blues major": "major blues",
}
"""What people call the kinds of scale besides the names they have here."""
_KINDS = {**{kind: kind for kind in STEPS}, **_OTHER_KINDS}
_LONGEST_SHOWN = 40
_WANTED = 'write "off", "lean", "auto", or a note and a kind of scale, such as "C major" or "F# dorian"'


def scale_named(text: str) -> Scale | None:
    """The scale of a name in which `scale_problem` finds nothing wrong; None for "off", "lean" and "auto"."""
    plain = _plain(text)
    return next(
        (
            Scale((_LETTERS[plain[0]] + shift) % PITCH_CLASSES, _KINDS[kind])
            for shift, kind in _spelt(plain)
            if kind in _KINDS
        ),
        None,
    )


def follows_call(text: str) -> bool:
    """Whether the scale is to be the key of each call: "auto"."""
    return _plain(text) == AUTO


def leans_to_call(text: str) -> bool:
    """Whether the key of each call is only to be leaned to: "lean"."""
    return _plain(text) == LEAN


def scale_problem(text: str) -> str:
    """What is wrong with the setting `scale`, as a sentence; nothing for a name that can be used."""
    plain = _plain(text)
    if plain in _NO_SCALES or scale_named(plain):
        return ""
    shown = f'"{text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."}"'
    if plain in _KINDS and plain:
        return f'{shown} lacks the note it starts on: write "C {plain}", or another note.'
    return f"{shown} is not a scale: {_WANTED}.{did_you_mean(plain, _words_near(plain))}"


def _words_near(plain: str) -> list[str]:
    """What may have been meant: the first word with each kind of scale, and the words that are no scale."""
    first = plain.partition(" ")[0]
    is_note = any(not left for _, left in _spelt(first))
    return [*_NO_SCALES, *(f"{first} {kind}" for kind in STEPS if is_note)]


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("-", " ").replace("_", " ").split())


def _spelt(plain: str) -> Iterator[tuple[int, str]]:
    """Each way to read a name that starts with a note: what its accidental adds, and the words that are left.

    `bb` is B flat and `b blues` no flat at all: which it is, the words that are left tell.
    """
    if plain[:1] in _LETTERS and plain:
        for accidental, shift in _ACCIDENTALS.items():
            if plain.startswith(accidental, 1):
                yield shift, plain[1 + len(accidental) :].strip()
