"""`training/train.py`: from the command line to a finished run."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import torch

from musedaemon.errors import MusedaemonError
from musedaemon_training import corpus, options, works
from musedaemon_training.device import choose_device, with_numbers
from musedaemon_training.initial import starting_net
from musedaemon_training.loop import Budget, Plan, Training
from musedaemon_training.model import Sizes, parameter_count
from musedaemon_training.options import RunOptions
from musedaemon_training.progress import Display, bits_text, display
from musedaemon_training.shards import Library, default_cache, open_library

NEW_MODEL_RATE = 4e-3
FINE_TUNING_RATE = 5e-4
INTERRUPTED = 130
SKIPPED_SHOWN = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit status: 0 done, 2 a user's mistake, 130 interrupted and saved."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = options.parser().parse_args(given)
    show = display()
    try:
        folder, run = options.old_run(chosen) if chosen.resume else options.new_run(chosen, given)
        return _train(folder, run, choose_device(chosen.device), chosen.resume, show)
    except MusedaemonError as error:
        show.close()
        print(f"train.py: {error}", file=sys.stderr)
        return error.exit_status
    finally:
        show.close()


def _train(folder: Path, run: RunOptions, torch_device: torch.device, resume: bool, show: Display) -> int:
    library = _read(run, show)
    training_pieces, validation_pieces = works.split(library, works.works_of(library))
    notes = sum(library.length(i) for i in training_pieces)
    show.say(f"{len(training_pieces)} pieces to train on ({notes:,} notes), {len(validation_pieces)} to validate on")

    torch.manual_seed(run.seed)
    start = str(folder / options.LAST) if resume else run.init
    net = starting_net(start, Sizes(run.hidden, run.layers)).to(torch_device)
    device = with_numbers(torch_device, net.sizes.hidden)
    show.say(
        f"{net.sizes.layers}x{net.sizes.hidden}, {parameter_count(net):,} parameters, on {device.describe()};"
        f" writing to {folder}"
    )
    rate = FINE_TUNING_RATE if run.init else NEW_MODEL_RATE
    plan = Plan(net.sizes, Budget(run.epochs, run.minutes), run.seed, rate, run.recipe)
    torch.manual_seed(run.seed)
    training = Training(plan, net, library, (training_pieces, validation_pieces), device, folder)
    if resume:
        training.restore()
        show.say(f"resumed after {training.notes / 1e6:.2f} M notes")
    else:
        training.metrics.cut_after(-1)
    run.save(folder)
    with _interrupts() as interrupted:
        finished = training.run(show, lambda: bool(interrupted))
    show.close()
    if not finished:
        command = shlex.join(["python", "training/train.py", "--resume", "--out", str(folder)])
        print(f"Stopped and saved after {training.notes / 1e6:.2f} M notes. Go on with: {command}")
        return INTERRUPTED
    print(f"Done. The best checkpoint is {folder / 'best'} ({bits_text(training.best)} bits a note).")
    return 0


def _read(run: RunOptions, show: Display) -> Library:
    folders = [Path(folder) for folder in run.data] or corpus.tune_books()
    files = corpus.find_files(folders)
    library = open_library(files, default_cache())
    for name, reason in library.skipped[:SKIPPED_SHOWN]:
        show.say(f"skipped: {name} {reason}")
    if len(library.skipped) > SKIPPED_SHOWN:
        show.say(f"skipped: {len(library.skipped) - SKIPPED_SHOWN} more")
    show.say(f"{len(files)} files, {len(library)} pieces, {len(library.skipped)} skipped")
    return library


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """A list that fills as SIGINT or SIGTERM arrive; a second SIGINT stops at once, unsaved."""
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
