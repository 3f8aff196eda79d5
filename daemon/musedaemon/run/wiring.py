"""The ports of a session in real time: opened at its start, or awaited, and opened again whenever they come back.

Import it late: rtmidi is slow to import, and a file session needs no MIDI system at all.
"""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.config.schema import Config
from musedaemon.core.beat_source import is_of_clock
from musedaemon.core.events import MidiEvent
from musedaemon.errors import PortAbsentError
from musedaemon.midi.ports import CLOCK_INPUT, VIRTUAL_INPUT, VIRTUAL_OUTPUT, OutputPort, PortSystem
from musedaemon.midi.rtmidi_lookout import lookout_for
from musedaemon.run.clock import Clock
from musedaemon.run.connections import Connections, End, Tell
from musedaemon.run.ends import InputEnd, OutputEnd
from musedaemon.run.intake import Intake
from musedaemon.run.patience import Patience, patience
from musedaemon.run.reporting import PortState
from musedaemon.run.threads import ClockHeard, InputGone, PlayerInbox, PortChange


class Wiring:
    """Used by the main thread, before and after the session's threads live; a thread of its own does the rest.

    `tell` hears what becomes of the ports, on either thread.
    """

    def __init__(self, config: Config, system: PortSystem, clock: Clock, tell: Tell) -> None:
        self._ports = config.ports
        self._patience = patience(config)
        self._system = system
        self._clock = clock
        self._tell = tell
        self._inbox: PlayerInbox | None = None
        self._output: OutputEnd | None = None
        self._inputs: list[InputEnd] = []
        self._connections: Connections | None = None

    @property
    def reconnections(self) -> int:
        """How many times a port came back."""
        return self._connections.reconnections if self._connections else 0

    @property
    def failures(self) -> list[tuple[str, Exception]]:
        """By input: the first thing that went wrong with a message that was heard."""
        return [(end.own_name, end.failure) for end in self._inputs if end.failure]

    def open_output(self) -> OutputPort:
        """The output, one that leads nowhere while it is awaited. PortError."""
        self._output = OutputEnd(self._system, self._ports.output, VIRTUAL_OUTPUT, self._put)
        self._first(self._output, self._output.open_first)
        return self._output.port

    @property
    def output_name(self) -> str:
        """What people call the output."""
        return self._output.own_name if self._output else ""

    def open_input(self) -> str:
        """Listen to the musician; the name of the input. PortError."""
        intake = Intake(self._put, self._waiting, self._clock.now)
        return self._listen(self._ports.input, VIRTUAL_INPUT, intake, lambda: self._put(InputGone()))

    def open_clock(self) -> str:
        """Listen to the clock's own port, and to nothing but the clock there; its name. PortError.

        Where it goes, the clock's pulses end, and that is noticed as ever.
        """
        intake = Intake(lambda event: self._put(ClockHeard(event)), self._waiting, self._clock.now, is_of_clock)
        return self._listen(self._ports.clock_input, CLOCK_INPUT, intake, lambda: None)

    def lead_to(self, inbox: PlayerInbox) -> None:
        """From now on what is heard, and what becomes of the ports, goes there."""
        self._inbox = inbox
        if self._output and self._output.presence.connected is None:
            self._output.lose()

    def watch(self) -> None:
        """Open again what goes and comes back, from now on."""
        self._connections = Connections(self._ends, self._clock, self._tell, self._system.system_lost)
        self._connections.start(lookout_for(self._system, self._connections.wake))

    def refuse(self, _refusal: Exception) -> None:
        """The output refused a message. On the player thread."""
        if self._output and self._connections:
            self._output.refuse()
            self._connections.wake()

    def close(self) -> None:
        """Close all that is open, once nobody sends any more."""
        if self._connections:
            self._connections.close()
        for end in self._ends:
            end.close()
        self._system.expect_nothing()

    @property
    def _ends(self) -> list[End]:
        return [*self._inputs, *([self._output] if self._output else [])]

    def _listen(self, wanted: str, own_name: str, intake: Intake, on_lost: Callable[[], None]) -> str:
        end = InputEnd(self._system, wanted, own_name, intake, on_lost)
        self._inputs.append(end)
        self._first(end, end.open)
        return end.own_name

    def _first(self, end: InputEnd | OutputEnd, opens: Callable[[str], str]) -> None:
        try:
            end.presence.opened(opens(end.presence.wanted))
        except PortAbsentError:
            if self._patience is Patience.ENDS:
                raise
            self._tell(end.own_name, PortState.AWAITED)

    def _put(self, change: PortChange | MidiEvent | ClockHeard) -> None:
        if self._inbox is not None:
            self._inbox.put(change)

    def _waiting(self) -> int:
        return self._inbox.qsize() if self._inbox is not None else 0
