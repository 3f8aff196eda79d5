"""An Ableton Link session without a network, in virtual time."""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.core.beat_grid import BeatGrid, Meter
from musedaemon.core.events import MidiEvent
from musedaemon.core.link_clock import LinkClock
from musedaemon.core.link_peer import LinkState
from musedaemon.core.tap_tempo import TapSettings

Change = Callable[[float], None]


class FakeLink:
    """What other peers do is written down beforehand, as (seconds, change); `wishes` is what we did."""

    def __init__(self, bpm: float = 120.0, at: float = 0.0) -> None:
        """Beat 0 lies at `at`."""
        self.now = 0.0
        self.state = LinkState(BeatGrid(at, 0.0, bpm), playing=False, turned_at=0.0, peers=0)
        self.wishes: list[tuple[str, float]] = []
        self._to_come: list[tuple[float, Change]] = []
        self._wakes: list[float] = []

    def later(self, at: float, change: Change) -> None:
        """A peer does this at that time, and nobody tells us."""
        self._to_come.append((at, change))

    def announced(self, at: float, change: Change) -> None:
        """A peer does this at that time, and we are woken up."""
        self.later(at, change)
        self._wakes.append(at)

    @property
    def wakes_at(self) -> float:
        """When we are woken up next."""
        return next((at for at in self._wakes if at > self.now), float("inf"))

    def look(self) -> LinkState:
        while self._to_come and self._to_come[0][0] <= self.now:
            at, change = self._to_come.pop(0)
            change(at)
        grid = self.state.grid
        return self.state._replace(grid=BeatGrid(self.now, grid.beat_at(self.now), grid.bpm))

    def propose(self, bpm: float, at: float) -> None:
        self.wishes.append((f"{bpm:.1f} bpm", at))
        self.turn_to(bpm, at)

    def start(self, at: float) -> None:
        self.wishes.append(("start", at))
        self.play(at)

    def stop(self, at: float) -> None:
        self.wishes.append(("stop", at))
        self.halt(at)

    def turn_to(self, bpm: float, at: float) -> None:
        self.state = self.state._replace(grid=self.state.grid.turned_to(bpm, at))

    def leap(self, beats: float) -> None:
        """Our count moves: we have joined a session that counts otherwise."""
        grid = self.state.grid
        self.state = self.state._replace(grid=grid._replace(beat=grid.beat + beats))

    def play(self, at: float) -> None:
        self.state = self.state._replace(playing=True, turned_at=at)

    def halt(self, at: float) -> None:
        self.state = self.state._replace(playing=False, turned_at=at)

    def meet(self, peers: int) -> None:
        self.state = self.state._replace(peers=peers)


class TimedLinkClock(LinkClock):
    """Tells the fake session the time, which a real one knows by itself; looks no more after `ends_at` (seconds)."""

    def __init__(
        self,
        peer: FakeLink,
        meter: Meter | None = None,
        tap: TapSettings | None = None,
        ends_at: float = float("inf"),
    ) -> None:
        super().__init__(peer, meter or Meter(), tap or TapSettings())
        self._fake = peer
        self._ends_at = ends_at

    def receive(self, event: MidiEvent) -> bool:
        self._fake.now = event.at
        return super().receive(event)

    def advance(self, until: float) -> list[MidiEvent]:
        self._fake.now = until
        return super().advance(until)

    def next_deadline(self) -> float:
        deadline = min(super().next_deadline(), self._fake.wakes_at)
        return deadline if deadline <= self._ends_at else float("inf")
