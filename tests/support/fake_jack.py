"""JACK-Client as far as our ports need it, with a server that does what a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator


class JackError(Exception):
    """What JACK-Client raises."""


class Port:
    """A MIDI port. `comes` is what the next period brings, `lost` how many messages it had no room for."""

    def __init__(self, is_input: bool) -> None:
        self.is_input = is_input
        self.comes: list[tuple[int, bytes]] = []
        self.lost_midi_events = 0
        self.number_of_connections = 0

    def incoming_midi_events(self) -> Iterator[tuple[int, bytes]]:
        """What came in the period."""
        came, self.comes = self.comes, []
        return iter(came)


class Ports:
    """Those of one direction."""

    def __init__(self, is_input: bool) -> None:
        self._is_input = is_input
        self.latest: Port | None = None

    def register(self, _name: str) -> Port:
        """A new one."""
        self.latest = Port(self._is_input)
        return self.latest


class Client:
    """A client. A test calls `serve` for each period; `serves_at_once` where one has passed before the port is open."""

    latest: Client
    """The one made last."""
    serves_at_once = True

    samplerate = 48_000
    blocksize = 64
    last_frame_time = 0
    frames_since_cycle_start = 0

    def __init__(self, _name: str, no_start_server: bool) -> None:
        Client.latest = self
        self.midi_inports, self.midi_outports = Ports(is_input=True), Ports(is_input=False)
        self.is_closed = False

    def set_process_callback(self, callback: Callable[[int], None]) -> None:
        """Whom to call in each period."""
        self.serve = callback

    def set_shutdown_callback(self, _callback: object) -> None:
        """This server never ends."""

    def set_xrun_callback(self, _callback: object) -> None:
        """Nobody is ever late."""

    def activate(self) -> None:
        """From now on it is served."""
        if self.serves_at_once:
            self.serve(self.blocksize)

    def deactivate(self) -> None:
        """It is served no more."""

    def connect(self, _source: object, _target: object) -> None:
        """Nobody else is there."""
        raise JackError("no such port")

    def close(self) -> None:
        """It has left."""
        self.is_closed = True


def set_error_function(_function: object) -> None:
    """It prints nothing."""


set_info_function = set_error_function
