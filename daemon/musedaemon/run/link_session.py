"""Ableton Link by the library LinkPython-extern, the extra `musedaemon[link]`: the one file that knows its names.

The library and Link are under the GPL, so neither is a dependency, nor imported unless `--clock link` asks for it.
What is called here is in its `link/__init__.pyi` and in Link's own `include/ableton/Link.hpp`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from musedaemon.core.beat_grid import BeatGrid
from musedaemon.core.link_peer import LinkState
from musedaemon.errors import ConfigError

FIRST_BPM = 120.0
"""What we propose where nobody else is there and the user has named no tempo; Link's own examples do the same."""
_READINGS = 5
_PATIENCE_S = 1.0
_QUIET_S = 0.05
_MICROS = 1e6


class _SessionState(Protocol):
    def tempo(self) -> float: ...
    def setTempo(self, tempo: float, time: int, /) -> None: ...  # noqa: N802  (the library's names)
    def beatAtTime(self, time: int, quantum: float, /) -> float: ...  # noqa: N802
    def isPlaying(self) -> bool: ...  # noqa: N802
    def setIsPlaying(self, playing: bool, time: int, /) -> None: ...  # noqa: N802
    def timeForIsPlaying(self) -> int: ...  # noqa: N802
    def setIsPlayingAndRequestBeatAtTime(  # noqa: N802
        self, playing: bool, time: int, beat: float, quantum: float, /
    ) -> None: ...


class _HostClock(Protocol):
    def micros(self) -> int: ...


class _Link(Protocol):
    enabled: bool
    startStopSyncEnabled: bool  # noqa: N815

    def numPeers(self) -> int: ...  # noqa: N802
    def clock(self) -> _HostClock: ...
    def captureAppSessionState(self) -> _SessionState: ...  # noqa: N802
    def commitAppSessionState(self, state: _SessionState, /) -> None: ...  # noqa: N802
    def setNumPeersCallback(self, callback: Callable[[int], None], /) -> None: ...  # noqa: N802
    def setTempoCallback(self, callback: Callable[[float], None], /) -> None: ...  # noqa: N802
    def setStartStopCallback(self, callback: Callable[[bool], None], /) -> None: ...  # noqa: N802


class _Library(Protocol):
    def Link(self, bpm: float, /) -> _Link: ...  # noqa: N802


class _Instant(NamedTuple):
    """One moment by two clocks: ours (seconds) and the one Link goes by (microseconds)."""

    at: float
    micros: int

    def at_of(self, micros: int) -> float:
        return self.at + (micros - self.micros) / _MICROS

    def micros_of(self, at: float) -> int:
        return self.micros + round((at - self.at) * _MICROS)


class LinkSettings(NamedTuple):
    """`bpm` counts where we are the first. `bar_beats`: Link's quantum. `start_stop`: the transport is shared too."""

    bpm: float = FIRST_BPM
    bar_beats: float = 4.0
    start_stop: bool = True


class LinkSession:
    """Ourselves as a peer of a session: `join` and `leave` on the main thread, all else on the player thread."""

    def __init__(self, library: _Library, settings: LinkSettings) -> None:
        self._link = library.Link(settings.bpm)
        self._link.startStopSyncEnabled = settings.start_stop
        self._host_clock = self._link.clock()
        self._quantum = settings.bar_beats
        self._now: Callable[[], float] = time.perf_counter
        self._alone = threading.Event()

    def join(self, now: Callable[[], float], wake: Callable[[], None]) -> None:
        """Look for others, and for their session. `now` is our clock (seconds); `wake` is called on Link's own thread
        whenever the session may have changed.
        """
        self._now = now

        def company(peers: int) -> None:
            if not peers:
                self._alone.set()
            wake()

        self._link.setNumPeersCallback(company)
        self._link.setTempoCallback(lambda bpm: wake())
        self._link.setStartStopCallback(lambda playing: wake())
        self._link.enabled = True

    def leave(self) -> None:
        """The others go on without us.

        The library ends its thread with Python's lock held: when that thread waits for the lock to call us, both wait
        for ever. So its last call, that nobody else is there any more, is waited for.
        """
        self._alone.clear()
        in_company = self._link.numPeers() > 0
        self._link.enabled = False
        if in_company:
            self._alone.wait(_PATIENCE_S)
        time.sleep(_QUIET_S)

    def look(self) -> LinkState:
        """The session as it is now; some microseconds, nothing is asked of the network."""
        instant, state = self._instant(), self._link.captureAppSessionState()
        return LinkState(
            grid=BeatGrid(instant.at, state.beatAtTime(instant.micros, self._quantum), state.tempo()),
            playing=state.isPlaying(),
            turned_at=instant.at_of(state.timeForIsPlaying()),
            peers=self._link.numPeers(),
        )

    def propose(self, bpm: float, at: float) -> None:
        """Another tempo for all, from then on (seconds)."""
        state = self._link.captureAppSessionState()
        state.setTempo(bpm, self._instant().micros_of(at))
        self._link.commitAppSessionState(state)

    def start(self, at: float) -> None:
        """Let the transport run, unless it does: alone from then on (seconds), with others their bars stay."""
        state = self._link.captureAppSessionState()
        if not state.isPlaying():
            state.setIsPlayingAndRequestBeatAtTime(True, self._instant().micros_of(at), 0.0, self._quantum)
            self._link.commitAppSessionState(state)

    def stop(self, at: float) -> None:
        """Stop the transport (seconds), if it runs."""
        state = self._link.captureAppSessionState()
        if state.isPlaying():
            state.setIsPlaying(False, self._instant().micros_of(at))
            self._link.commitAppSessionState(state)

    def _instant(self) -> _Instant:
        """The tightest of some readings of both clocks. Read anew each time: Linux' clocks drift apart (CLOCK_MONOTONIC
        is slewed by NTP, Link's CLOCK_MONOTONIC_RAW is not).
        """
        readings = [(self._now(), self._host_clock.micros(), self._now()) for _ in range(_READINGS)]
        before, micros, after = min(readings, key=lambda reading: reading[2] - reading[0])
        return _Instant((before + after) / 2, micros)


def open_link_session(settings: LinkSettings) -> LinkSession:
    """A peer that has not joined yet. ConfigError where the library is missing, or another one has its name."""
    try:
        library = import_module("link")
    except ImportError as error:
        raise ConfigError(f"{_WANTED} (it cannot be loaded: {error}).") from error
    if not hasattr(library, "Link"):
        raise ConfigError(f"{_WANTED} (another package named `link` is in its place).")
    return LinkSession(cast(_Library, library), settings)


_WANTED = "Ableton Link needs the library LinkPython-extern; install it with: pip install 'musedaemon[link]'"
