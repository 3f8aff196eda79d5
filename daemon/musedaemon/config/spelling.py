"""Misspelt words: the known one that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

NOTHING_ELSEWHERE: Mapping[str, str] = {}


def did_you_mean(word: str, known: Iterable[str], elsewhere: Mapping[str, str] = NOTHING_ELSEWHERE) -> str:
    """` Did you mean ...?` with what was meant by a word that is not known, or nothing where that is hard to tell.

    `elsewhere` has words of other programs, and ours for them; of the `known` it is the nearest one.
    """
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    meant = elsewhere.get(word.lower()) or next(iter(near), "")
    return f" Did you mean {meant}?" if meant else ""
