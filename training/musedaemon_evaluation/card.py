"""The model card: a page of Markdown from what `evaluate.py` measured, so that no figure in it is typed by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from musedaemon_evaluation.reply_table import answers, as_markdown, overlaps
from musedaemon_evaluation.table import ALL, COLUMNS, under_text

Results = Mapping[str, Any]

_PAGE = """\
# Model card: the default model of musedaemon

Written by `training/evaluate.py` from what it measured: the words are the same for every model, the figures are this
one's.

## What it is

A recurrent net that plays on from what it hears: {layers} LSTM layers of {hidden} units, {parameters:,} parameters,
{precision}, note encoding {encoding_version}. For each note it is told when it came, its pitch and velocity and what
still sounds; it gives chances for the next note's time, pitch, velocity and duration. It counts in beats, not in
seconds.

It is meant for one use: answering a musician in a jam, in the key, tempo and manner of what was just played. It knows
notated keyboard music, songs with piano, hymns and old popular melodies of Europe and America, and little else: no
drums, no music without a beat, no tuning but the piano's. A likely note is not always a good one.

## How it was made

```
{recipe}
```

Corpus: {corpus}.

Licence: {licence}.{notice}

Training pieces are transposed, played as by a hand (jitter, rolled chords, drifting tempo), with parts left out and
with beat, bar and velocity hidden at random; the clean score is always the target. {aside}

## Bits a note

On {pieces} pieces ({notes:,} notes) that were set aside by work. Each note is asked for after all the true notes before
it; clean input, everything known. Lower is better. `sum` is shift, pitch and duration; velocity counts files with
dynamics only.

### The model alone

{model_table}

### With its session memory, as the daemon plays

The notes heard so far vote too, at the tuned place of the dial, which was found on validation pieces.

{memory_table}

### A Markov model, for comparison

Variable order, up to three notes, intervals; trained on {markov_pieces:,} pieces of the same corpus.

{markov_table}

{summary}
"""

_TESTED = """\
The files named in the corpus's
`test.txt` were neither trained nor tuned on."""

_VALIDATED = """\
The pieces judged on
below were not trained on, but this checkpoint was chosen as the best by them."""

_REPLIES = """
## Its replies

{calls} calls of four to eight bars were cut from the same pieces and played to the daemon's own engine (seed {seed},
all else as installed). `human` is what the composer wrote next. A run is copied when notes that follow each other have
the same intervals in the same rhythm as somewhere else; its length is in notes, median / 90% / longest.

{answers}

How much of a distribution is shared with what the composer wrote next (1 is all of it), beside a copy of the call and
another piece's music:

{overlaps}

What was really written next costs {saved:.2f} bits a note less after its own call than after another piece's
({share:.0%} of the calls), and {saved_memory:.2f} bits less with the memory ({share_memory:.0%}).
"""


def page(results: Results, beside: Results | None, folder: Path) -> str:
    """The whole page, for a file in `folder`. `beside` are the results of the same net in fp32, where there are any."""
    model, bits = results["model"], results["bits"]
    text = _PAGE.format(
        **{name: model[name] for name in ("layers", "hidden", "parameters", "precision", "encoding_version")},
        **{name: model[name] or "not told" for name in ("recipe", "corpus", "licence")},
        notice=" The model file carries the notice, with all sources by name." if model["notice"] else "",
        aside=_VALIDATED if results["is_validation"] else _TESTED,
        pieces=results["pieces"][ALL],
        notes=results["notes"][ALL],
        markov_pieces=results["markov_pieces"],
        model_table=_table(results, "model"),
        memory_table=_table(results, "with memory"),
        markov_table=_table(results, "markov"),
        summary=_summary(results, bits, beside),
    )
    if "replies" in results:
        text += _replies(results["replies"])
    if "images" in results:
        text += "\n" + "\n\n".join(_picture(Path(image), folder) for image in results["images"]) + "\n"
    return text


def _table(results: Results, judge: str) -> str:
    lines = ["| | notes | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for source, bits in results["bits"][judge].items():
        numbers = " | ".join("-" if bits[column] is None else f"{bits[column]:.2f}" for column in COLUMNS)
        lines.append(f"| {source} | {results['notes'][source]:,} | {numbers} |")
    return "\n".join(lines)


def _summary(results: Results, bits: Results, beside: Results | None) -> str:
    gains = results["gain_from_memory"]
    least = min(gains, key=lambda source: float(gains[source]))
    lines = [
        f"The model is {under_text(results['under_markov'][ALL])} the Markov model. The memory saves {gains[ALL]:.1%}"
        f" of the bits in all, and least on {least}: {gains[least]:.1%}."
    ]
    if beside:
        ours, theirs = bits["model"][ALL]["sum"], beside["bits"]["model"][ALL]["sum"]
        lines.append(
            f"In {beside['model']['precision']} the same net takes {theirs:.3f} bits, here {ours:.3f}"
            f" ({ours / theirs - 1:+.2%})."
        )
    return "\n".join(lines)


def _replies(replies: Results) -> str:
    specific = replies["specificity"]
    return _REPLIES.format(
        calls=replies["calls"],
        seed=replies["seed"],
        answers=as_markdown(answers(replies)),
        overlaps=as_markdown(overlaps(replies)),
        saved=specific["model"]["bits"],
        share=specific["model"]["share"],
        saved_memory=specific["memory"]["bits"],
        share_memory=specific["memory"]["share"],
    )


def _picture(image: Path, folder: Path) -> str:
    return f"![A call and its reply as a piano roll]({Path(os.path.relpath(image, folder)).as_posix()})"
