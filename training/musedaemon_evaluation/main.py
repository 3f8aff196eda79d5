"""`training/evaluate.py`: from the command line to figures."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from musedaemon.cli.plain import plain
from musedaemon.core.memory import TUNED_DIAL
from musedaemon.errors import MusedaemonError, TrainingError
from musedaemon.whole_file import advice, check_writable
from musedaemon_evaluation import card, options, reply_table, replying, rolls
from musedaemon_evaluation.about import About, about
from musedaemon_evaluation.calls import Call, cut_calls
from musedaemon_evaluation.choosing import chosen_pieces
from musedaemon_evaluation.markov import MarkovModel
from musedaemon_evaluation.pieces import Score
from musedaemon_evaluation.reply_report import report
from musedaemon_evaluation.scoring import judge_all
from musedaemon_evaluation.specificity import specificity
from musedaemon_evaluation.table import ALL, Bits, Table, as_text, tabulate, under_text
from musedaemon_evaluation.telling import Telling
from musedaemon_training import corpus
from musedaemon_training.files import write_json, write_text
from musedaemon_training.notes import Notes

PICTURES = 5
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit status: 0 done, 2 a user's mistake, 130 interrupted."""
    chosen = options.parser().parse_args(sys.argv[1:] if arguments is None else list(arguments))
    try:
        with Telling() as tell:
            _evaluate(chosen, tell)
    except MusedaemonError as error:
        print(plain(f"evaluate.py: {error}"), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _evaluate(chosen: argparse.Namespace, tell: Telling) -> None:
    started = time.monotonic()
    for target in filter(None, (chosen.json, chosen.card)):
        with _writing(target):
            # First of all: to measure takes long.
            check_writable(target)
    model = about(chosen.model)
    beside = _results_of(chosen.beside) if chosen.beside else None
    scores, known, skipped, is_validation = chosen_pieces(chosen.data, chosen.list, chosen.model, model.recipe)
    for name, reason in skipped:
        tell.say(plain(f"skipped: {name} {reason}"))
    if is_validation:
        tell.say(
            plain(
                f"There is no --list, and no {corpus.TEST_LIST} in {chosen.data}: judged on what training on it sets"
                f" aside for validation, {len(scores)} of {len(scores) + len(known)} pieces."
            )
        )
    table = _table(chosen.model, scores, known, tell)
    tell.say(as_text(table))
    tell.say(_gains(table))
    results = {**_results(model, table, scores, len(known)), "is_validation": is_validation}
    if chosen.calls:
        _judge_replies(chosen, scores, known, results, tell)
    results["seconds"] = round(time.monotonic() - started, 1)
    _write(chosen, results, beside)
    tell.say(f"done in {results['seconds']:.0f} s")


def _table(model: str, scores: Sequence[Score], known: Sequence[Notes], tell: Telling) -> Table:
    notes, done = sum(len(score.notes) for score in scores), 0
    tell.say(f"{len(scores)} pieces, {notes:,} notes; the Markov model learns from {len(known)} pieces")
    markov = MarkovModel.train(known).bits([score.notes for score in scores])
    own, remembered = list(markov), list(markov)
    for index, bits in judge_all(model, scores):
        own[index], remembered[index] = bits.model, bits.memory
        done += len(scores[index].notes)
        tell.show(done / notes, "judging")
    sources = [score.source for score in scores]
    return tabulate(sources, {"model": own, "with memory": remembered, "markov": markov})


def _gains(table: Table) -> str:
    under = table.gain("model", than="markov")[ALL]
    by_memory = table.gain("with memory", than="model")
    least = min(by_memory, key=lambda source: by_memory[source])
    return (
        f"The model is {under_text(under)} the Markov model; the memory saves {by_memory[ALL]:.1%}"
        f" (least on {least}: {by_memory[least]:.1%})."
    )


def _results(model: About, table: Table, scores: Sequence[Score], known: int) -> dict[str, Any]:
    return {
        "model": model.as_json(),
        "pieces": {source: sum(source in (score.source, ALL) for score in scores) for source in table.notes},
        "notes": table.notes,
        "markov_pieces": known,
        "bits": _without_nan(table.bits),
        "under_markov": table.gain("model", than="markov"),
        "gain_from_memory": table.gain("with memory", than="model"),
    }


def _without_nan(bits: dict[str, dict[str, Bits]]) -> dict[str, dict[str, dict[str, float | None]]]:
    """JSON knows no nan: None where a source has no dynamics."""
    return {
        judge: {
            source: {name: None if math.isnan(value) else value for name, value in values.items()}
            for source, values in by_source.items()
        }
        for judge, by_source in bits.items()
    }


def _judge_replies(
    chosen: argparse.Namespace, scores: Sequence[Score], known: Sequence[Notes], results: dict[str, Any], tell: Telling
) -> None:
    calls = cut_calls(scores, chosen.calls, chosen.seed)
    if not calls:
        raise TrainingError("No piece is long enough to cut a call from; leave replies out with --calls 0.")
    tell.say(f"replying to {len(calls)} calls")
    answers = {
        kind: replying.replies(chosen.model, calls, chosen.seed, dial)
        for kind, dial in (("reply", TUNED_DIAL), ("memory off", 0.0))
    }
    specific = specificity(chosen.model, calls)
    results["replies"] = {
        **report(calls, answers, known),
        "specificity": {judge: found._asdict() for judge, found in specific.items()},
        "seed": chosen.seed,
    }
    tell.say(reply_table.as_text(results["replies"]))
    if chosen.images:
        results["images"] = _draw(chosen.images, calls, answers["reply"])


def _draw(folder: Path, calls: Sequence[Call], replies: Sequence[Notes]) -> list[str]:
    """Pictures of the first calls that were answered, of one piece of each source before two of any."""
    seen: dict[str, int] = {}
    turns = []
    for index, call in enumerate(calls):
        if len(replies[index]):
            turns.append((seen.setdefault(call.source, 0), index))
            seen[call.source] += 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"reply-{number}.png" for number in range(1, PICTURES + 1)]
        drawn = list(zip(paths, sorted(turns), strict=False))
        for path, (_, index) in drawn:
            rolls.draw(path, calls[index], replies[index])
    except OSError as error:
        raise TrainingError(
            f"The pictures cannot be written to {folder} ({error.strerror}); {advice(error, 'name another --images')}."
        ) from error
    return [str(path) for path, _ in drawn]


def _results_of(path: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if "bits" in values:
            return values
    except (OSError, ValueError):
        pass
    raise TrainingError(f"{path} holds no results of evaluate.py; write them with --json.")


def _write(chosen: argparse.Namespace, results: dict[str, Any], beside: dict[str, Any] | None) -> None:
    if chosen.json:
        with _writing(chosen.json):
            write_json(chosen.json, results)
    if chosen.card:
        with _writing(chosen.card):
            write_text(chosen.card, card.page(results, beside, chosen.card.parent))


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """TrainingError where the system does not let the body write there."""
    try:
        yield
    except OSError as error:
        todo = advice(error, "name another file")
        raise TrainingError(f"{target} cannot be written ({error.strerror}); {todo}.") from error
