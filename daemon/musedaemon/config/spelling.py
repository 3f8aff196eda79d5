"""Misspelt words: the known one that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

NOTHING_ELSEWHERE: Mapping[str, str] = {}


def did_you_mean(word: str, known: Iterable[str], elsewhere: Mapping[str, str] = NOTHING_ELSEWHERE) -> str:
    """` Did you mean ...?` with the word nearest to one that is not known, or nothing where none is near.

    `elsewhere` has words of other programs, and ours for them.
    """
    near = difflib.get_close_matches(word.lower(), [*known, *elsewhere], n=1, cutoff=0.6)
    return f" Did you mean {elsewhere.get(near[0], near[0])}?" if near else ""
