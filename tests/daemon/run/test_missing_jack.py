from __future__ import annotations

import pytest
from support.jack_server import JackServer
from support.live_daemon import daemon

pytestmark = pytest.mark.jack


def test_two_ports_that_are_not_there_are_told_at_once(jack_server: JackServer) -> None:
    with daemon("--in", "No Keys", "--out", "No Synth", "--no-wait-for-ports") as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert [line.split(";")[0] for line in err.splitlines()] == [
        'musedaemon: There is no MIDI output port at all, so none matches "No Synth"',
        'musedaemon: There is no MIDI input port at all, so none matches "No Keys"',
    ]
