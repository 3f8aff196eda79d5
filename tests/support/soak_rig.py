"""What a soak is made of, all processes: a JACK server, a keyboard, a synth, and the daemon between them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from support.jack_bench import wait_until
from support.jack_server import end, launched
from support.soak_ear import Ear

PATIENCE_S = 60.0
KEYS, SYNTH = "keys:played", "synth:heard"
TAKE_ENDS_S = 5.0
"""A jam is over after such a silence."""
RESPONSE_CHANNEL = 1
"""Of MIDI's 0 to 15; the musician's is 0."""
_EXPECTED = re.compile(r"musedaemon: warning: (the MIDI clock |\d+ messages |\d+ ms of JACK's time )")
"""What the daemon may say on stderr: what it left out, and what became of the clock."""
_LOST_FOR_GOOD_S = 5.0


class Peer:
    """The keyboard's process, or the synth's."""

    def __init__(self, name: str, server: str, log: Path) -> None:
        command = [sys.executable, "-m", "support.soak_peer", name, server, str(log)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment(server)
        )

    def wait_until_there(self) -> float:
        """When its port was there (seconds, monotonic)."""
        return float(self._answer("there"))

    def wait_until_played(self) -> None:
        """Until nothing is left that it was told to play."""
        self.tell("ask")
        self._answer("played")

    def tell(self, *words: Any) -> None:
        """One line of what it is to do; see `soak_peer`."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()

    def unplug(self) -> None:
        """It leaves JACK in order."""
        self.tell("unplug")
        self.leave()

    def leave(self) -> None:
        """It ends, whether its server is alive or not."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LOST_FOR_GOOD_S)
        self.kill()

    def kill(self) -> None:
        """As a program that crashes."""
        self._process.kill()
        self._process.wait()

    def freeze(self, seconds: float) -> None:
        """It does nothing for so long, and JACK waits for it."""
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def _answer(self, expected: str) -> str:
        """What follows the word, once it says it."""
        assert self._process.stdout is not None
        word, _, rest = self._process.stdout.readline().strip().partition(" ")
        assert word == expected, f"a port of the soak's own said {word!r} in place of {expected!r}"
        return rest


class Voice:
    """What the daemon says: its lines with the second (monotonic) they came; all of them go to a file too."""

    def __init__(self, process: subprocess.Popen[str], log: IO[str]) -> None:
        self.lines: list[tuple[float, str]] = []
        self._errors: list[str] = []
        self._threads = [
            threading.Thread(target=self._hear, args=(stream, lines, log), daemon=True)
            for stream, lines in ((process.stdout, []), (process.stderr, self._errors))
        ]
        for thread in self._threads:
            thread.start()

    def wait_for(self, beginning: str, since: float) -> float:
        """When the first line since then came that begins so; AssertionError."""
        found: list[float] = []

        def came() -> bool:
            found[:] = [at for at, line in list(self.lines) if at >= since and line.startswith(beginning)]
            return bool(found)

        wait_until(came, PATIENCE_S, lambda: f"musedaemon did not say {beginning!r}")
        return found[0]

    def unexpected(self) -> list[str]:
        """What it should not have said on stderr. Once it has ended."""
        for thread in self._threads:
            thread.join(PATIENCE_S)
        return [line for line in self._errors if not _EXPECTED.match(line)]

    def _hear(self, stream: IO[str], lines: list[str], log: IO[str]) -> None:
        for line in stream:
            at = time.monotonic()
            lines.append(line)
            self.lines.append((at, line))
            log.write(f"{at:.3f} {line}")
            log.flush()


class Rig:
    """All of it, plugged in. One thread."""

    def __init__(self, folder: Path, server: str, options: Sequence[str]) -> None:
        """`folder` gets the logs and, in `takes`, the takes; `options` are the daemon's."""
        self.takes = folder / "takes"
        self.ear = Ear(folder / "synth.log")
        self._folder = folder
        self._server_name = server
        self._server: subprocess.Popen[bytes] | None = None
        self._peers: list[Peer] = []
        settings = folder / "soak.toml"
        settings.write_text(f"[takes]\nsilence_s = {TAKE_ENDS_S}\n")
        command = [sys.executable, "-m", "musedaemon", "--config", str(settings), "--api", "jack", "--clock", "midi"]
        ports = [
            "--wait-for-ports",
            "--in",
            KEYS,
            "--out",
            SYNTH,
            "--channel",
            str(RESPONSE_CHANNEL + 1),
            "--record",
            str(self.takes),
        ]
        self.daemon = subprocess.Popen(
            [*command, *ports, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(server),
        )
        self._log = (folder / "daemon.log").open("w")
        self.voice = Voice(self.daemon, self._log)

    def start_server(self) -> None:
        """This process never becomes a client of it, so whether it answers the peers must tell."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self._server = launched(self._server_name)
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(1.0)
            if self._server.returncode is None:
                return
            assert time.monotonic() < deadline, "jackd does not start: all eight places for servers may be taken"

    def kill_server(self) -> None:
        """And with it the ports of both peers."""
        assert self._server is not None
        self._server.kill()
        self._server.wait()
        self.keys.leave()
        self.synth.leave()

    def plug_keys(self) -> float:
        """The keyboard is there; since when (seconds, monotonic)."""
        self.keys = self._plug("keys")
        return self.keys.wait_until_there()

    def plug_synth(self) -> float:
        """The synth is there; since when (seconds, monotonic)."""
        self.synth = self._plug("synth")
        return self.synth.wait_until_there()

    def end_daemon(self) -> int:
        """It ends in order; its exit status."""
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(PATIENCE_S)

    def close(self) -> None:
        """Nothing of it is left running."""
        self.daemon.kill()
        self.daemon.wait()
        for peer in self._peers:
            peer.leave()
        if self._server:
            end(self._server_name, self._server)
        self._log.close()

    def _plug(self, name: str) -> Peer:
        peer = Peer(name, self._server_name, self._folder / f"{name}.log")
        self._peers.append(peer)
        return peer


@contextmanager
def plugged_in(folder: Path, server: str, options: Sequence[str]) -> Iterator[Rig]:
    """A rig in which the daemon, which was there first, has found everything."""
    rig = Rig(folder, server, options)
    try:
        for port in (SYNTH, KEYS):
            rig.voice.wait_for(f'port "{port}" is not there yet', since=0.0)
        rig.start_server()
        rig.plug_keys()
        rig.plug_synth()
        for port in (SYNTH, KEYS):
            rig.voice.wait_for(f'port "{port}" is there', since=0.0)
        yield rig
    finally:
        rig.close()


def _environment(server: str) -> dict[str, str]:
    path = os.pathsep.join(sys.path)
    return {**os.environ, "JACK_DEFAULT_SERVER": server, "JACK_NO_START_SERVER": "1", "PYTHONPATH": path}
