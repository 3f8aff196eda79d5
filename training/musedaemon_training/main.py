"""`training/train.py`: from the command line to a finished run."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

import torch

from musedaemon.cli.plain import plain
from musedaemon.errors import MusedaemonError, TrainingError
from musedaemon.whole_file import advice
from musedaemon_training import checkpoint, options
from musedaemon_training.boards import open_board
from musedaemon_training.curves import draw_curves
from musedaemon_training.device import Device, choose_device, with_numbers
from musedaemon_training.initial import starting_net
from musedaemon_training.loop import Training
from musedaemon_training.material import Material, material_of
from musedaemon_training.model import NoteNet, parameter_count
from musedaemon_training.options import RunOptions
from musedaemon_training.plan import MOST_ROWS, Budget, Plan, rows_for
from musedaemon_training.preparing import INTERRUPTED, stopped_by_sigterm
from musedaemon_training.progress import Display, Metrics, Nothing, bits_text, display, span_text
from musedaemon_training.ranks import Ranks, joined

NEW_MODEL_RATE = 4e-3
FINE_TUNING_RATE = 5e-4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit status: 0 done, 2 a user's mistake, 130 interrupted and saved."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = options.parser().parse_args(given)
    try:
        with joined() as ranks:
            begin = options.old_run if chosen.resume else options.new_run
            folder, run = ranks.from_first(lambda: begin(chosen, given))
            with _shown(ranks) as show:
                finished = _train(folder, run, choose_device(chosen.device), chosen.resume, ranks, show)
            return 0 if finished else INTERRUPTED
    except MusedaemonError as error:
        print(plain(f"train.py: {error}"), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("Stopped. Reading goes on where it was with the same command, training from its last save with --resume.")
        return INTERRUPTED


@contextmanager
def _shown(ranks: Ranks) -> Iterator[Display]:
    show = display() if ranks.is_first else Nothing()
    try:
        yield show
    finally:
        show.close()


def _train(
    folder: Path, run: RunOptions, torch_device: torch.device, resume: bool, ranks: Ranks, show: Display
) -> bool:
    """Whether the run came to its end."""
    # First of all: a corpus may take an hour to read.
    device, net = _net(folder, run, resume, ranks.device(torch_device))
    options.make(folder)
    material = _material(run, ranks, show)
    rows = run.rows or max(rows_for(material.notes()), ranks.world)
    run = replace(run, rows=rows, hidden=net.sizes.hidden, layers=net.sizes.layers)
    show.say(
        f"{net.sizes.layers}x{net.sizes.hidden}, {parameter_count(net):,} parameters, on {device.describe()}"
        f"{f', {ranks.world} processes' if ranks.world > 1 else ''}; writing to {folder}"
    )
    with _written_to(folder), _metrics(folder, ranks) as metrics:
        parts = material.training, material.validation
        training = Training(_plan(run, net), net, material.library, parts, device, folder, ranks, metrics)
        if resume:
            training.restore()
            if training.is_complete():
                show.say(_complete(folder, training))
                return True
            show.say(f"resumed after {training.notes / 1e6:.2f} M notes")
        else:
            metrics.cut_after(-1)
        if ranks.is_first:
            run.save(folder)
        with _interrupts() as interrupted:
            finished = training.run(show, lambda: bool(interrupted))
    if ranks.is_first:
        _say_end(folder, training, finished, show)
    return finished


def _material(run: RunOptions, ranks: Ranks, show: Display) -> Material:
    with stopped_by_sigterm(), ranks.first_of_machine_before_others():
        material = material_of([Path(folder) for folder in run.data], run.copies, show)
    show.say(
        f"{len(material.training)} pieces to train on ({material.notes():,} notes),"
        f" {len(material.validation)} to validate on"
    )
    return material


def _net(folder: Path, run: RunOptions, resume: bool, torch_device: torch.device) -> tuple[Device, NoteNet]:
    torch.manual_seed(run.seed)
    start = starting_net(str(folder / options.LAST)) if resume else starting_net(run.init, run.hidden, run.layers)
    net = start.to(torch_device)
    torch.manual_seed(run.seed)
    return with_numbers(torch_device, net.sizes.hidden), net


def _plan(run: RunOptions, net: NoteNet) -> Plan:
    return Plan(
        net.sizes,
        Budget(run.epochs, run.minutes, run.patience),
        run.seed,
        run.rate or (FINE_TUNING_RATE if run.init else NEW_MODEL_RATE),
        run.recipe,
        run.rows or MOST_ROWS,
        starts_trained=bool(run.init),
    )


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    """TrainingError where the run's folder takes no more."""
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"The run in {folder} cannot be written ({error.strerror});"
            f" {advice(error, 'mend that')}, and go on with --resume."
        ) from error


@contextmanager
def _metrics(folder: Path, ranks: Ranks) -> Iterator[Metrics]:
    if not ranks.is_first:
        yield Metrics(None)
        return
    board = open_board(folder)
    try:
        yield Metrics(folder / "metrics.jsonl", board.add if board else None)
    finally:
        if board:
            board.close()


def _say_end(folder: Path, training: Training, finished: bool, show: Display) -> None:
    if not finished:
        command = shlex.join(["python", "training/train.py", "--resume", "--out", str(folder)])
        show.say(f"Stopped and saved after {training.notes / 1e6:.2f} M notes. Go on with: {command}")
        show.say(draw_curves(folder))
        return
    show.say(draw_curves(folder))
    early = training.plan.budget.is_out_of_patience(training.since_best)
    show.say(
        f"{'No better for a while: stopped early.' if early else 'Done.'}"
        f" The best checkpoint is {folder / 'best'} ({bits_text(training.best)} bits a note)."
    )
    if checkpoint.load(folder / "best").config.notes == 0:
        show.say(f"It is the model that training began with, as none after it scored better; see {folder / 'last'}.")


def _complete(folder: Path, training: Training) -> str:
    if training.plan.budget.is_out_of_patience(training.since_best):
        ended, more = "stopped early, as it got no better", "--patience"
    else:
        ended, more = (
            f"is complete after {training.notes / training.notes_an_epoch:.1f} epochs",
            "--epochs or --minutes",
        )
    spent = f"{training.notes / 1e6:.2f} M notes in {span_text(training.seconds)}"
    return f"The run in {folder} {ended} ({spent}); to go on with it, give more {more}."


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """A list that fills as SIGINT or SIGTERM arrive; a second SIGINT stops at once, unsaved."""
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        # torchrun sends SIGTERM after a Ctrl-C that reached everyone.
        if number == signal.SIGINT and number in seen:
            raise KeyboardInterrupt
        seen.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
