"""`training/prepare.py`, and the same at the start of training: from folders of music files to a library."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from musedaemon.cli.plain import plain
from musedaemon.errors import MusedaemonError, TrainingError
from musedaemon.whole_file import advice
from musedaemon_training import copies, corpus
from musedaemon_training.corpus_report import REPORT_FILE, report, report_text
from musedaemon_training.files import locked, write_json
from musedaemon_training.progress import Display, display
from musedaemon_training.shards import LOCK_FILE, Library, default_cache, open_library

INTERRUPTED = 130
SKIPPED_SHOWN = 20


def prepared(data: Sequence[Path], treatment: copies.Treatment, show: Display) -> Library:
    """The pieces to learn from in the folders (music21's tune books without any): read where the cache lacks them,
    copies dropped or kept, reported beside the shards. Raises TrainingError when there are none."""
    folders = list(data) or corpus.tune_books()
    files = corpus.find_files(folders)
    library = open_library(files, default_cache(), show.read)
    for skipped in library.skipped[:SKIPPED_SHOWN]:
        show.say(plain(f"skipped: {skipped.name} {skipped.reason}"))
    if len(library.skipped) > SKIPPED_SHOWN:
        show.say(f"skipped: {len(library.skipped) - SKIPPED_SHOWN} more")
    try:
        with locked(library.folder / LOCK_FILE):
            selection = copies.select(library, treatment)
            values = report(library, selection, len(files), corpus.count_set_aside(folders))
            write_json(library.folder / REPORT_FILE, values)
    except OSError as error:
        raise TrainingError(
            f"The cache {library.folder} cannot be written ({error.strerror}); {advice(error, 'allow writing there')}."
        ) from error
    show.say(report_text(values))
    return library.only(selection.kept)


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that reading processes are told to stop."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit status: 0 done, 2 a user's mistake, 130 interrupted."""
    chosen = _parser().parse_args(sys.argv[1:] if arguments is None else list(arguments))
    show = display()
    try:
        with stopped_by_sigterm():
            prepared([folder.expanduser() for folder in chosen.data], chosen.copies or copies.DEFAULT_TREATMENT, show)
    except MusedaemonError as error:
        show.close()
        print(plain(f"prepare.py: {error}"), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        show.close()
        print("Stopped. The same command goes on where it was.")
        return INTERRUPTED
    finally:
        show.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="prepare.py",
        description="Read a corpus for training, and report what is in it. train.py does the same by itself;"
        " interrupted, either goes on where it was.",
    )
    options.add_argument(
        "--data",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        metavar="DIR",
        help="folders of music files, however nested (default: the tune books that come with music21)",
    )
    copies.add_copies(options)
    return options
