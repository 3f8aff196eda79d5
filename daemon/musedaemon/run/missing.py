"""Ports that are not there: all of them are told at once, and what their names have to do with files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from musedaemon.config.schema import is_midi_file
from musedaemon.errors import PortAbsentError, PortError
from musedaemon.midi.ports import PortSystem, find_port

_LIKE_A_FILE = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")
"""`jam.txt`, but not `Keys Mk.3`."""


def what_lies_at(name: str) -> str:
    """What a name, which is no .mid file's, is that of: "folder", "file, but no .mid file", or "" for nothing."""
    path = Path(name)
    try:
        if not name or not path.exists():
            return ""
        return "folder" if path.is_dir() else "file, but no .mid file"
    except OSError:  # too long for a file's
        return ""


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


@contextmanager
def opening_system(*wanted: str) -> Iterator[None]:
    """A PortError of the body, where there is no MIDI system, says which of the user's names are like a file's."""
    try:
        yield
    except PortError as error:
        raise type(error)(" ".join([str(error), *filter(None, map(_on_file, wanted))])) from error


def _problem(system: PortSystem, wanted: str) -> str:
    try:
        find_port(wanted, system.input_names(), "input")
    except PortError as error:
        return _with_hint(error, wanted)
    return ""


def _with_hint(error: PortError, wanted: str) -> str:
    hint = _on_file(wanted) if isinstance(error, PortAbsentError) else ""
    return f"{error} {hint}".rstrip()


def _on_file(wanted: str) -> str:
    """What a name has to do with files, in a sentence; nothing for a .mid file's, and for one like a port's."""
    if is_midi_file(wanted):
        return ""
    if lies_here := what_lies_at(wanted):
        return f"Here, {wanted} is a {lies_here}."
    if _LIKE_A_FILE.search(wanted):
        return f"If {wanted} is to be a file: its name must end in .mid."
    return ""
