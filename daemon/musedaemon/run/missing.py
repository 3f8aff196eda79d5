"""Ports that are not there: all of them are told at once, and what of their names lies in the folder instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from musedaemon.errors import PortAbsentError, PortError
from musedaemon.midi.ports import PortSystem, find_port


@contextmanager
def opening_output(system: PortSystem, wanted: str, input_wanted: str) -> Iterator[None]:
    """A PortError of the body tells of the input too, if that is not there either.

    The names are the user's; `input_wanted` is empty for a port of our own or a file.
    """
    try:
        yield
    except PortError as error:
        problem = _problem(system, input_wanted) if input_wanted else ""
        told = [_with_hint(error, wanted), *([problem] if problem else [])]
        raise type(error)("\n".join(told)) from error


@contextmanager
def opening_input(wanted: str) -> Iterator[None]:
    """A PortError of the body says if the user's name is that of a file or a folder."""
    try:
        yield
    except PortError as error:
        raise type(error)(_with_hint(error, wanted)) from error


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
