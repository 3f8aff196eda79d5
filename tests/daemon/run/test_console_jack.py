"""What is typed at the terminal of a session over JACK, and what the terminal shows then."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
from support.live_daemon import ASSETS, IN, OUT, PHRASE, PITCHES
from support.written import save_line

pytestmark = pytest.mark.jack
pty = pytest.importorskip("pty")  # Windows has none

_PATIENCE_S = 30.0
QUICK = ["--config", str(ASSETS / "long_replies.toml"), "--api", "jack", "--bpm", "240", "--hand-over", "0.2"]


class Terminal:
    """A terminal with a session in its foreground."""

    def __init__(self, ours: int, session: subprocess.Popen[bytes]) -> None:
        self.session = session
        self._ours = ours
        self._read = b""

    @property
    def shown(self) -> str:
        """All of it so far. What was read may end anywhere, between the two characters of a line's end too."""
        return self._read.decode(errors="replace").replace("\r\n", "\n")

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read(self) -> bool:
        """Whether there was more."""
        readable, _, _ = select.select([self._ours], [], [], _PATIENCE_S)
        assert readable, f"nothing more is shown after: {self.shown}"
        try:
            more = os.read(self._ours, 4_096)
        except OSError:  # nobody has the other end open any more
            more = b""
        self._read += more
        return bool(more)

    def read_until(self, text: str) -> None:
        while text not in self.shown:
            assert self.read(), self.shown

    def read_all(self) -> str:
        while self.read():
            pass
        return self.shown


@contextmanager
def terminal(*options: str) -> Iterator[Terminal]:
    import fcntl
    import termios

    ours, theirs = pty.openpty()

    def take_terminal() -> None:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # in the background of a script it is ignored
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    command = [sys.executable, "-m", "musedaemon", *QUICK, *options]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=take_terminal) as session:
        os.close(theirs)
        try:
            yield Terminal(ours, session)
        finally:
            session.kill()
            os.close(ours)


@pytest.mark.usefixtures("jack_server")
def test_words_change_the_mode_and_the_memory_and_end_the_session() -> None:
    with terminal("--memory", "0.5") as shown:
        shown.read_until("Ctrl-C ends; ? and Enter tells what can be typed.")
        shown.type("mode duet\n")
        shown.read_until("mode duet: play; it joins in\n")
        shown.type("mode\nmemory 0.8\nk\nt\n")
        shown.read_until("tap on: Enter in time\n")
        shown.type("q\n")
        told = shown.read_all()
        assert shown.session.wait(20) == 0
    assert "The mode is duet; there are call-response, trade, duet, solo, listen.\n" in told
    assert "The memory is 0.8.\n" in told
    assert "musedaemon: warning: nothing is kept: name a folder for it with --record" in told
    assert told.endswith("0 turns, 0 notes heard, 0 played.\n")


@pytest.mark.usefixtures("jack_server")
def test_what_is_typed_is_answered_in_the_form_of_the_log() -> None:
    # And by its way: past what libraries print, which is kept off the terminal for moments.
    with terminal("--log-format", "json") as shown:
        shown.read_until('"event": "started"')
        shown.type("mode\n")
        shown.read_until('"event": "answer", "text": "The mode is call-response; there are')
        shown.type("q\n")
        shown.read_until('"event": "finished"')
        assert shown.session.wait(20) == 0


def test_a_reply_that_ctrl_c_ends_is_told_on_a_line_of_its_own(jack_server: JackServer) -> None:
    with terminal() as shown, JackBench(jack_server) as bench:
        shown.read_until("? and Enter")
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        wait_until(lambda: len(bench.recorded) > len(PHRASE) + 2, 20, lambda: "there was no reply")
        shown.type("\x03")
        told = shown.read_all()
        assert shown.session.wait(20) == 0
    assert "^C\nturn 1 " in told
    assert ", then cut short\n1 turn (1 cut short), " in told


@pytest.mark.usefixtures("jack_server")
def test_a_session_that_waits_for_a_listener_ends_with_ctrl_c(tmp_path: Path) -> None:
    save_line(tmp_path / "call.mid", PITCHES)
    with terminal("--in", str(tmp_path / "call.mid")) as shown:
        shown.read_until("waits until an instrument listens to it\n")
        shown.type("\x03")
        told = shown.read_all()
        assert shown.session.wait(20) == 130
    assert told.endswith("to it\n^C\n")
