"""A private JACK server with the dummy driver: a real MIDI bus on a machine without sound or MIDI hardware."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from support.lateness import Lateness

MISSING = None if shutil.which("jackd") else "jackd is not installed (Debian package jackd2)"
"""Why there can be no server here, or None."""

RATE = 48_000
PERIOD = 64
_PATIENCE = 10.0
_PLACE_PATIENCE = 120.0
_NO_PLACE = "oo many servers"
_SHARED_MEMORY = Path("/dev/shm")


def new_client(server_name: str, name: str) -> Any:
    """A client of JACK-Client's, in silence. Its exception (also the package's, untyped) if no server answers."""
    import jack  # type: ignore[import-untyped]  # late: without libjack it raises, and the tests skip

    jack.set_error_function(_say_nothing)
    jack.set_info_function(_say_nothing)
    return jack.Client(name, no_start_server=True, servername=server_name)


def _say_nothing(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class JackServer:
    """A running server. This process and its children reach it by its name in the environment."""

    name: str
    rate: int = RATE

    @contextmanager
    def period(self, frames: int) -> Iterator[None]:
        """Run at another period for a while; there must be no other period change at the time."""
        with new_client(self.name, "period") as client:
            client.blocksize = frames
            try:
                yield
            finally:
                client.blocksize = PERIOD


class Watch:
    """A client of the server's that looks on while a test plays."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lateness = Lateness(client)

    @property
    def late_periods(self) -> int:
        """In how many periods some client, or the driver, came too late (xruns), from now on."""
        return self._lateness.periods

    def await_departures(self, patience: float = 5.0) -> None:
        """Return when no port of an earlier daemon's is left, or after so long: a new one would get another name."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self._daemons_are_there():
            time.sleep(0.01)

    def _daemons_are_there(self) -> bool:
        import jack  # late: see `new_client`

        try:
            return any(port.name.startswith("musedaemon-") for port in self._client.get_ports(is_midi=True))
        except jack.JackError:  # one has gone between being listed and being looked at
            return True


@contextmanager
def watched(server: JackServer) -> Iterator[Watch]:
    """Someone looks on."""
    client = new_client(server.name, "watch")
    watch = Watch(client)
    with client:  # which activates it
        yield watch


@contextmanager
def running_server(name: str) -> Iterator[JackServer]:
    """Start a server of that name, and stop it by its process id. Synchronous (-S): the default mode loses messages."""
    os.environ.update(JACK_DEFAULT_SERVER=name, JACK_NO_START_SERVER="1")
    process = _started(name)
    try:
        yield JackServer(name)
    finally:
        end(name, process)


def end(name: str, process: subprocess.Popen[bytes]) -> None:
    """End a server, and free its place among the eight.

    One that was killed keeps it until a server of that name ends in order. Clients that are killed while a server ends
    kill it too (SIGPIPE).
    """
    _stop(process)
    if process.returncode != 0:
        last = launched(name)
        with suppress(subprocess.TimeoutExpired):
            last.wait(1.0)
        _stop(last)


def launched(name: str, told: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """A server's process. It may end at once, where all places are taken."""
    command = ["jackd", "-n", name, "-S", "-d", "dummy", "-r", str(RATE), "-p", str(PERIOD)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, stderr=told)


def _started(name: str) -> subprocess.Popen[bytes]:
    """A server that answers. JACK has eight places for servers: where all are taken, wait for one."""
    deadline = time.monotonic() + _PLACE_PATIENCE
    while True:
        with tempfile.TemporaryFile() as log:
            process = launched(name, log)
            try:
                _wait_until_it_answers(name, process)
                return process
            except JackStartError as error:
                _stop(process)
                log.seek(0)
                told = log.read().decode(errors="replace")
                if _NO_PLACE not in told or time.monotonic() > deadline:
                    raise JackStartError(f"{error}: {told}") from None
        _free_the_places_of_the_dead()
        time.sleep(1.0)


def _free_the_places_of_the_dead() -> None:
    """A server that was killed keeps its place for ever. Where none runs at all, the register is made anew."""
    if subprocess.run(["pgrep", "-x", "jackd|jackdbus"], stdout=subprocess.DEVNULL, check=False).returncode == 1:
        for left in _SHARED_MEMORY.glob("jack-shm-registry*"):
            left.unlink(missing_ok=True)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it and wait: a server whose process is still there keeps the next one from starting."""
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class JackStartError(Exception):
    """jackd ended or did not answer in time."""


def _wait_until_it_answers(name: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not answers(name):
        if process.poll() is not None or time.monotonic() > deadline:
            raise JackStartError(f"jackd (exit status {process.poll()}) does not answer")
        time.sleep(0.05)


def answers(name: str) -> bool:
    """Whether a server of that name serves this process."""
    import jack

    try:
        new_client(name, "probe").close()
    except jack.JackOpenError:
        return False
    return True
