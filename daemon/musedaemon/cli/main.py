"""The command `musedaemon`: read the settings, then play, or run a sub-command.

Only what a command needs is imported, when it runs: `musedaemon --help` must answer at once.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from musedaemon.cli.arguments import CONNECTION, LIVE, MODEL, OPTIONS, Subcommand, overrides, parse
from musedaemon.cli.plain import plain
from musedaemon.cli.start import INTERRUPTED
from musedaemon.config.loading import find, passed_over, settings, source
from musedaemon.config.schema import Config
from musedaemon.errors import MusedaemonError

if TYPE_CHECKING:
    from musedaemon.cli.json_report import JsonReport
    from musedaemon.cli.lines import Lines
    from musedaemon.cli.report import Report

CRASHED = 70
"""The exit status of a mistake of ours (EX_SOFTWARE of sysexits.h)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; a wrong option ends with SystemExit(2), as argparse does."""
    _accept_any_name()
    _keep_to_one_thread()
    try:
        return _run(argv)
    except MusedaemonError as error:
        for line in str(error).splitlines():
            print(plain(f"musedaemon: {line}"), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        from musedaemon.run.console import leave_echoed_line

        leave_echoed_line()
        return INTERRUPTED
    except BrokenPipeError:  # `musedaemon ports | head -1`: the reader has what it wanted
        return 0
    finally:
        _drop_what_nobody_reads()


def _run(argv: Sequence[str] | None) -> int:
    parsed = parse(sys.argv[1:] if argv is None else argv, [entry for entry, _ in SUBCOMMANDS])
    config = settings(parsed.config, overrides(parsed))
    run = next((run for entry, run in SUBCOMMANDS if entry.name == parsed.command), _play)
    return run(parsed, config)


def _play(parsed: argparse.Namespace, config: Config) -> int:
    from musedaemon.cli.lines import Lines

    with Lines() as lines:
        return _told(parsed, config, _report(parsed, config, lines))


def _told(parsed: argparse.Namespace, config: Config, report: Report | JsonReport) -> int:
    """A session, told by this report."""
    _remark(parsed, config, report)
    try:
        from musedaemon.cli.log_lines import log_told_by
        from musedaemon.run.preparing import play

        with log_told_by(report.warning):
            return play(config, report, partial(settings, parsed.config, overrides(parsed)))
    except MusedaemonError as error:
        report.refused(str(error))
        return error.exit_status
    except Exception as error:  # here it ends, told once, and a supervisor learns of it
        report.crashed(error)
        return CRASHED


def _report(parsed: argparse.Namespace, config: Config, lines: Lines) -> Report | JsonReport:
    from musedaemon.cli.json_report import JsonReport
    from musedaemon.cli.opening import ENDS, ENDS_AT_TERMINAL, opening
    from musedaemon.cli.report import Report
    from musedaemon.run.console import is_terminal

    err = lines.to(sys.stderr)
    if config.log.format == "json":
        path = find(parsed.config)
        return JsonReport(config.log.level, err, mode=config.turns.mode, settings=None if path is None else str(path))
    told_first = opening(config, source(parsed.config), ENDS_AT_TERMINAL if is_terminal() else ENDS)
    return Report(config.log.level, told_first, lines.to(sys.stdout), err)


def _remark(parsed: argparse.Namespace, config: Config, report: Report | JsonReport) -> None:
    """What was asked for and does nothing, and a settings file that is not ours."""
    from musedaemon.config.unheeded import unheeded_keys, unheeded_options

    if foreign := passed_over(parsed.config):
        report.warning(f"{foreign} in this folder is another program's, and is left alone; --config names yours")
    if told := unheeded_options(config, overrides(parsed)):
        report.warning(told)
    if told := unheeded_keys(config, overrides(parsed)):
        report.detail(told)


def _ports(parsed: argparse.Namespace, config: Config) -> int:
    from musedaemon.cli.ports import print_ports

    return print_ports(config.ports.api)


def _check(parsed: argparse.Namespace, config: Config) -> int:
    from musedaemon.cli.check import print_check

    return print_check(config, source(parsed.config))


def _bench(parsed: argparse.Namespace, config: Config) -> int:
    if parsed.live:
        from musedaemon.cli.live_bench import print_live_bench

        return print_live_bench(config)
    from musedaemon.cli.bench import print_bench

    return print_bench(config.model.path)


SUBCOMMANDS: tuple[tuple[Subcommand, Callable[[argparse.Namespace, Config], int]], ...] = (
    (Subcommand("ports", "list the MIDI ports there are", (CONNECTION,)), _ports),
    (Subcommand("check", "is all there that a session needs? with the options of that session", OPTIONS), _check),
    (Subcommand("bench", "measure what a note costs on this machine", (MODEL, CONNECTION), (LIVE,)), _bench),
)


def _accept_any_name() -> None:
    """A port's name that the terminal's encoding lacks is printed with escapes, not raised over."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _keep_to_one_thread() -> None:
    """Before numpy is there: its linear algebra else starts a thread a core, which fight over a note's small products.

    Measured on two busy cores: the session memory's part of a note took 10 ms with two threads, 0.2 ms with one.
    """
    for library in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(library, "1")


def _drop_what_nobody_reads() -> None:
    """Flush stdout; with its reader gone, Python would complain of it once more at exit (docs of `signal`, SIGPIPE)."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
