"""An output that is a process, as its daemon sees it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from musedaemon.errors import PortError
from musedaemon.midi.port_time import MachineTime
from musedaemon.midi.sender_process import SenderProcess
from musedaemon.own_process import Process

HANGS = """
import sys, time
from musedaemon.run.sending import tell
from musedaemon.midi.port_words import SERVING
tell(SERVING)
time.sleep(600)
"""
BEND = b"\xe0\x00\x40"


def hanging() -> Process:
    """A process that says that all is open, and takes nothing."""
    return subprocess.Popen([sys.executable, "-c", HANGS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def send_for_ever(port: SenderProcess) -> None:
    while True:
        port.send(BEND)
        if port._process.pipe._waiting:
            time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes that do not block")
def test_a_process_that_takes_nothing_any_more_is_ended_and_not_waited_for() -> None:
    """The player thread stood still for eight seconds, and the next output with it."""
    process = hanging()
    port = SenderProcess("Synth", process, ["words"], MachineTime(time.perf_counter))
    with pytest.raises(PortError, match="takes nothing any more"):
        send_for_ever(port)
    assert process.wait(60) == -signal.SIGKILL
    port.close()
