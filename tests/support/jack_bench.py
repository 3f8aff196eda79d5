"""A player and a recorder on the JACK bus that share no code with the daemon's ports: sample-accurate, not rtmidi."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from support.flood import Sounding
from support.jack_server import JackServer, new_client
from support.lateness import Lateness

Timed = tuple[float, bytes]
"""A message and its time in seconds."""

_LEAD = 0.05
_POLL = 0.005


class JackBench:
    """One JACK client with a port that plays and a port that records.

    Times are seconds of this client's own clock, which counts the frames it has processed: the server's clock leaps
    when the dummy driver falls behind on a busy machine, and a phrase would get a hole.

    The process callback runs on JACK's thread; everything else on the test's. An rtmidi output of this same process
    that closes right after sending takes its last messages with it: rtmidi's close keeps the interpreter lock, which
    the recorder needs. Close it when they were heard, or run what is tested in a process of its own.
    """

    def __init__(self, server: JackServer, name: str = "bench") -> None:
        self._rate = server.rate
        self._client = new_client(server.name, name)
        self._ear = self._client.midi_inports.register("heard")
        self._hand = self._client.midi_outports.register("played")
        self._sounding = Sounding()
        self._lateness = Lateness(self._client)
        self._client.set_process_callback(self._process)
        self._lock = threading.Lock()
        self._to_play: deque[tuple[int, bytes]] = deque()
        self._heard: list[tuple[int, bytes]] = []
        self._stamped: list[tuple[int, bytes]] = []
        self._processed = 0
        self._failure: Exception | None = None
        self._plugged = True
        self._records_all = False

    def __enter__(self) -> Self:
        self._client.activate()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.unplug()
        if error is None and self._failure is not None:
            raise self._failure

    def unplug(self) -> None:
        """Its ports are gone at once, as those of a program that is killed. Again, it does nothing."""
        if self._plugged:
            self._client.deactivate()
            self._client.close()
        self._plugged = False

    @property
    def recorded(self) -> list[Timed]:
        """All that was heard so far, in order."""
        with self._lock:
            return [(frame / self._rate, data) for frame, data in self._heard]

    @property
    def stamped(self) -> list[tuple[int, bytes]]:
        """The same, by the server's own frames: exact steps even where this client has missed a period."""
        with self._lock:
            return list(self._stamped)

    def take_heard(self) -> list[bytes]:
        """What was heard since the last time, which is then forgotten."""
        with self._lock:
            taken, self._heard = self._heard, []
            self._stamped = []
        return [data for _, data in taken]

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to play."""
        return not self._to_play

    @property
    def late_periods(self) -> int:
        """In how many periods some client, or the driver, came too late since this one was made."""
        return self._lateness.periods

    def record_all(self) -> None:
        """Also what ends again, which else is left out once a period was late. Before it is entered."""
        self._records_all = True

    def now(self) -> float:
        """This moment on the bench's clock."""
        return self._processed / self._rate

    def port_names(self) -> list[str]:
        """Every MIDI port of the server, as "client:port"."""
        import jack  # type: ignore[import-untyped]  # late: see `new_client`

        while True:
            try:
                return [port.name for port in self._client.get_ports(is_midi=True)]
            except jack.JackError:  # one has gone between being listed and being looked at
                continue

    def wait_for_port(self, name: str, patience: float = 10.0) -> None:
        """Return when a port of that full name is there."""
        wait_until(lambda: name in self.port_names(), patience, lambda: f"no port {name} among {self.port_names()}")

    def listen_to(self, source: str) -> None:
        """Record what the port of that full name sends, besides what is recorded already."""
        self.wait_for_port(source)
        self._connect(source, self._ear.name)

    def play(self, events: Iterable[Timed], into: str) -> float:
        """Play messages at their seconds from now (a little later) into the port of that full name, and no other.

        Returns at once, with the time that their second 0 has on the bench's clock.
        """
        self.wait_for_port(into)
        connected = [port.name for port in self._client.get_all_connections(self._hand)]
        for other in connected:
            if other != into:
                self._client.disconnect(self._hand.name, other)
        if into not in connected:
            self._connect(self._hand.name, into)
        return self.send(events)

    def send(self, events: Iterable[Timed]) -> float:
        """The same, into whatever has connected itself to the port that plays."""
        timed = sorted(((round(at * self._rate), data) for at, data in events), key=lambda one: one[0])
        with self._lock:
            start = self._processed + round(_LEAD * self._rate)
            added = [(start + at, data) for at, data in timed]
            if not self._to_play or not added or self._to_play[-1][0] <= added[0][0]:
                self._to_play.extend(added)
            else:
                self._to_play = deque(sorted([*self._to_play, *added], key=lambda one: one[0]))
        return start / self._rate

    def wait_for(self, count: int, patience: float = 10.0) -> list[Timed]:
        """Return what was recorded as soon as it is `count` messages or more."""
        wait_until(lambda: len(self._heard) >= count, patience, lambda: f"heard {len(self._heard)} of {count}")
        return self.recorded

    def wait_for_silence(self, seconds: float, patience: float = 30.0) -> list[Timed]:
        """Return what was recorded when there was nothing left to play and nothing heard for so long."""
        began = self.now()

        def is_silent() -> bool:
            last = self._heard[-1][0] / self._rate if self._heard else began
            return not self._to_play and self.now() - max(last, began) >= seconds

        wait_until(is_silent, patience, lambda: f"no silence of {seconds} s; heard {len(self._heard)} messages")
        return self.recorded

    def _connect(self, source: str, target: str) -> None:
        """A port is listed a moment before its client takes part; until then JACK refuses."""
        import jack  # late: see `new_client`

        def connects() -> bool:
            try:
                self._client.connect(source, target)
            except jack.JackErrorCode:
                return False
            return True

        wait_until(connects, 10.0, lambda: f"{source} and {target} cannot be connected")

    def _is_news(self, data: bytes) -> bool:
        """Follow a message; whether it is to be recorded.

        Where a period was late, what ended then may be sent once more: an instrument ignores it.
        """
        again = self._lateness.periods > 0 and self._sounding.is_off_already(data)
        self._sounding.hear(data)
        return self._records_all or not again

    def _process(self, frames: int) -> None:
        """On JACK's thread, once a period. What it raises is kept and raised at the end of the test."""
        try:
            with self._lock:
                start, stamp = self._processed, self._client.last_frame_time
                came = [
                    (at, bytes(data)) for at, data in self._ear.incoming_midi_events() if self._is_news(bytes(data))
                ]
                self._heard += [(start + at, data) for at, data in came]
                self._stamped += [(stamp + at, data) for at, data in came]
                self._hand.clear_buffer()
                while self._to_play and self._to_play[0][0] < start + frames:
                    frame, data = self._to_play.popleft()
                    self._hand.write_midi_event(max(frame - start, 0), data)
                self._processed += frames
        except Exception as error:
            self._failure = self._failure or error


def wait_until(is_so: Callable[[], bool], patience: float, complaint: Callable[[], str]) -> None:
    """Return when `is_so`; AssertionError with the complaint when it is not within `patience` seconds.

    The waiting is for real clients on a real bus: there is no virtual time to wait in.
    """
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, f"{complaint()} within {patience} s"
        time.sleep(_POLL)
