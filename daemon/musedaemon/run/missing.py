"""Ports that are not there: all of them are told at once, and what of their names lies in the folder instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from musedaemon.errors import PortAbsentError, PortError
from musedaemon.midi.ports import PortSystem, find_port


@contextmanager
def opening(system: PortSystem, wanted: str, inputs_to_come: Sequence[str] = ()) -> Iterator[None]:
    """A PortError of the body says if `wanted`, the user's name, is that of a file or a folder.

    It tells of the inputs to be opened later too, if these are not there either; one without a name is our own.
    """
    try:
        yield
    except PortError as error:
        problems = [_problem(system, name) for name in inputs_to_come if name]
        told = [_with_hint(error, wanted), *(problem for problem in problems if problem)]
        raise type(error)("\n".join(told)) from error


def _problem(system: PortSystem, wanted: str) -> str:
    try:
        find_port(wanted, system.input_names(), "input")
    except PortError as error:
        return _with_hint(error, wanted)
    return ""


def _with_hint(error: PortError, wanted: str) -> str:
    if not (wanted and isinstance(error, PortAbsentError) and Path(wanted).exists()):
        return str(error)
    what = "folder" if Path(wanted).is_dir() else "file, but no .mid file"
    return f"{str(error).removesuffix('.')} (here, {wanted} is a {what})."
