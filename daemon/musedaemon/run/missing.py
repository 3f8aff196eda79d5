"""Ports that are not there: all of them are told at once, and not one at each start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from musedaemon.errors import PortError
from musedaemon.midi.ports import PortSystem, find_port


@contextmanager
def with_word_of_input(system: PortSystem, wanted: str) -> Iterator[None]:
    """A PortError of the body, which opens the output, tells of the input too if that is not there either.

    `wanted` is the user's name for the input, empty for a port of our own or a file.
    """
    try:
        yield
    except PortError as error:
        if wanted and (problem := _problem(system, wanted)):
            raise type(error)(f"{error}\n{problem}") from error
        raise


def _problem(system: PortSystem, wanted: str) -> str:
    try:
        find_port(wanted, system.input_names(), "input")
    except PortError as error:
        return str(error)
    return ""
