from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from musedaemon.run.console import TerminalTaps

pty = pytest.importorskip("pty")  # Windows has none

LISTEN = """
import time
from musedaemon.run.console import listen_at_terminal
listen_at_terminal({"p": lambda: print("panic", flush=True)})
print("listening", flush=True)
time.sleep(1.5)
"""


def typed(*words: bytes) -> tuple[str, str]:
    """What is said on standard output and error when these are typed at a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", LISTEN]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"
        for word in words:
            os.write(ours, word)
            time.sleep(0.05)
        out, err = listener.communicate(timeout=20)
    os.close(ours)
    os.close(theirs)
    assert listener.returncode == 0
    return out, err


def test_a_word_does_what_it_stands_for_and_another_is_told() -> None:
    assert typed(b"p\n", b"\n", b"pa", b"nic\n", b" P \n") == ("panic\n" * 2, "No such word; there is p.\n")


def test_without_a_terminal_nothing_is_read() -> None:
    run = subprocess.run([sys.executable, "-c", LISTEN], input="p\n", capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("listening\n", "")


@dataclass
class Time:
    at: float = 0.0

    def now(self) -> float:
        return self.at


def test_after_the_first_tap_lines_tap_as_long_as_they_come_in_time() -> None:
    clock, heard = Time(), list[float]()
    taps = TerminalTaps(clock, heard.append)
    taps.go_on()
    for clock.at in (10.0, 11.0, 12.0):
        taps.begin() if clock.at == 10.0 else taps.go_on()
    clock.at = 16.0
    taps.go_on()
    taps.begin()
    assert heard == [10.0, 11.0, 12.0, 16.0]
