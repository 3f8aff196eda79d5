"""An Ableton Link session, as the core sees it: what all of its peers agree on, and what one of them may wish for."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from musedaemon.core.beat_grid import BeatGrid


class LinkState(NamedTuple):
    """What the session agrees on at one moment. All times are seconds on our clock."""

    grid: BeatGrid
    """Every whole multiple of the quantum on it is a bar line. Which one counts as which is nobody's business but
    ours, and where we join another session the count may leap by up to half a bar.
    """
    playing: bool
    """Whether its transport runs, or will."""
    turned_at: float
    """When it begins to, or began, or stopped."""
    peers: int
    """How many others there are."""


class LinkPeer(Protocol):
    """Ourselves as a peer. Used on the player thread; no method blocks."""

    def look(self) -> LinkState:
        """The session as it is now."""

    def propose(self, bpm: float, at: float) -> None:
        """Another tempo for all, from then on (seconds)."""

    def start(self, at: float) -> None:
        """Let the transport run from then on (seconds); with others, from the next bar line. It may run already."""

    def stop(self, at: float) -> None:
        """Stop the transport then (seconds)."""
