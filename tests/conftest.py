"""Fixtures for all tests: a real MIDI bus (JACK with its dummy driver) that no other program shares."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from support.jack_server import MISSING, JackServer, running_server

settings.register_profile("musedaemon", deadline=None)  # timing decides no test
settings.load_profile("musedaemon")

REQUIRED = "MUSEDAEMON_REQUIRE_JACK"
"""Set to 1 where a test without its JACK server must fail and not be skipped."""


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
