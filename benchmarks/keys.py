"""How often the key of a call is found, by several key-finding profiles: beginnings of pieces whose key is printed.

    python benchmarks/keys.py [--pieces 400] [--beats 16]

The pieces are those that come with music21 (the `train` extra): folk tunes in ABC, whose K: field names the key, and
Bach's four-part chorales, whose key is told by signature and last bass note.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import music21

from musedaemon.core.key_finding import KOSTKA_PAYNE, Profile, Span, find_keys, pitch_classes_in
from musedaemon.core.scales import MAJOR, MINOR, Scale

PROFILES: dict[str, Profile] = {
    "Krumhansl & Kessler 1982": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    "Temperley 1999": (
        (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
        (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
    ),
    "Albrecht & Shanahan 2013": (
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    ),
    "Temperley 2007, Kostka-Payne": KOSTKA_PAYNE,
}


class Example(NamedTuple):
    """The notes of a piece's beginning, and its key."""

    spans: list[Span]
    key: Scale


def main() -> None:
    """Print a line for each kind of music and profile."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pieces", type=int, default=400)
    options.add_argument("--beats", type=float, default=16.0)
    chosen = options.parse_args()
    for kind, found in (("tunes", tunes(chosen.beats)), ("chorales", chorales(chosen.beats))):
        examples = [example for _, example in zip(range(chosen.pieces), found, strict=False)]
        print(f"{kind}: the first {chosen.beats:g} beats of {len(examples)} pieces")
        for name, profile in PROFILES.items():
            print(f"  {name:30} {told(examples, profile)}", flush=True)


def told(examples: list[Example], profile: Profile) -> str:
    """The figures of one profile."""
    found = [(example, find_keys(example.spans, profile)) for example in examples]
    known = [(example, keys) for example, keys in found if keys]
    first = [(example.key, keys[0]) for example, keys in known]
    sizes = [len(pitch_classes_in(keys, example.spans)) for example, keys in known]
    shares = {
        "key": [found == true for true, found in first],
        "relative key": [found != true and found.pitch_classes == true.pitch_classes for true, found in first],
        "a fifth off": [found.kind == true.kind and (found.tonic - true.tonic) % 12 in (5, 7) for true, found in first],
        "whole scale allowed": [pitch_classes_in(keys, e.spans) >= e.key.pitch_classes for e, keys in known],
    }
    told = [f"{name} {100 * sum(hits) / len(known):.1f}%" for name, hits in shares.items()]
    return ", ".join(
        [*told, f"of {sum(sizes) / len(sizes):.2f} notes", f"too little to tell {len(found) - len(known)}"]
    )


def tunes(beats: float) -> Iterator[Example]:
    """Folk tunes in major or minor keys, in a random order."""
    books = sorted(Path(music21.__file__).parent.joinpath("corpus").rglob("*.abc"))
    texts = [tune for book in books for tune in re.split(r"\n(?=X:)", book.read_text("utf-8", errors="replace"))]
    random.Random(4).shuffle(texts)
    for text in texts:
        header = re.search(r"^K:\s*([A-G])([b#]?)\s*(maj\w*|min\w*|m)?\s*$", text, re.MULTILINE | re.IGNORECASE)
        if header is None or "K:" in text[header.end() :]:
            continue
        try:
            score = music21.converter.parse(text, format="abc")
        except Exception:  # whatever music21 stumbles over is no example
            continue
        tonic = music21.pitch.Pitch(header[1].upper() + header[2].replace("b", "-")).pitchClass
        yield Example(
            _beginning(score, beats), Scale(tonic, MINOR if (header[3] or "").lower()[:3] in ("m", "min") else MAJOR)
        )


def chorales(beats: float) -> Iterator[Example]:
    """Bach's chorales: the signature leaves two keys, and the last bass note is the tonic of one of them."""
    paths = music21.corpus.getComposer("bach")
    random.Random(4).shuffle(paths)
    for path in paths:
        score = music21.converter.parse(path)
        signatures = list(score.recurse().getElementsByClass(music21.key.KeySignature))
        if len(score.parts) != 4 or not signatures:
            continue
        major = 7 * signatures[0].sharps % 12
        last = list(score.parts[-1].recurse().notes)[-1].pitches[0].pitchClass
        key = {major: Scale(major, MAJOR), (major + 9) % 12: Scale((major + 9) % 12, MINOR)}.get(last)
        if key:
            yield Example(_beginning(score, beats), key)


def _beginning(score: music21.stream.Stream, beats: float) -> list[Span]:
    """The notes that start in the first beats; a beat as a second."""
    notes = [note for note in score.flatten().notes if note.offset < beats]
    return [Span(pitch.midi, float(note.quarterLength)) for note in notes for pitch in note.pitches]


if __name__ == "__main__":
    main()
