"""Fixtures for all tests: a real MIDI bus (JACK with its dummy driver) that no other program shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest
from hypothesis import settings
from support.jack_server import MISSING, JackServer, running_server, watched

# Timing decides no test. What CI tries does not change from run to run: an old fault would be told of a new change.
settings.register_profile("musedaemon", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("musedaemon")

REQUIRED = "MUSEDAEMON_REQUIRE_JACK"
"""Set to 1 where a test without its JACK server must fail and not be skipped."""

_TAKES = 4


@pytest.fixture(scope="session")
def _jack_session() -> Iterator[JackServer | None]:
    if MISSING is not None:
        yield None
        return
    with running_server(f"musetest-{os.getpid()}") as server:
        yield server


@pytest.fixture
def jack_server(_jack_session: JackServer | None) -> JackServer:
    """The session's private server, at 64 frames a period; for tests marked `jack`."""
    if _jack_session is not None:
        return _jack_session
    reason = f"{MISSING}, and the test needs a MIDI bus"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Play a test over JACK again, up to three times, if it failed while a client was late for a period.

    JACK then hands on the messages of the period before in place of the right ones: some are lost, others come twice,
    whatever is tested. On a machine that keeps its periods a test has one take, and so has one that asserts nothing
    over JACK.
    """
    server = pyfuncitem.funcargs.get("jack_server")
    if not isinstance(server, JackServer):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in signature(pyfuncitem.obj).parameters}
    with watched(server) as watch:
        for take in range(1, _TAKES + 1):
            watch.await_departures()
            before = watch.late_periods
            try:
                pyfuncitem.obj(**arguments)
                break
            except Exception as error:
                if watch.late_periods == before or take == _TAKES:
                    raise
                print(f"take {take} is void, {watch.late_periods - before} periods were late: {error}")
                _put_aside(pyfuncitem.funcargs.get("tmp_path"), take)
    return True


def _put_aside(folder: object, take: int) -> None:
    """An empty folder for the next take. Not emptied: a process that outlives the void one's daemon may write there."""
    if isinstance(folder, Path):
        folder.rename(folder.with_name(f"{folder.name}-void-{take}"))
        folder.mkdir()
