"""What is outside of a session while it plays: the signals it answers, a service's supervisor, the log's statistics."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from musedaemon.config.schema import Config
from musedaemon.core.player import Player
from musedaemon.run.process_signals import Answers
from musedaemon.run.realtime import RealTime
from musedaemon.run.reloading import Reloading, may_be_hung_up
from musedaemon.run.reporting import Reporter
from musedaemon.run.routine import Minutes
from musedaemon.run.supervision import Supervisor, Watch


@dataclass(slots=True)
class Outside:
    """Of one session. `reread` reads the settings anew, None where they stay. All on the main thread."""

    reporter: Reporter
    reread: Callable[[], Config] | None = None
    _wishes: list[Callable[[], None]] = field(default_factory=list)

    def answers(self, keep: Callable[[], None], panic: Callable[[], None]) -> Answers:
        """What is done at the signals of the operating system that do not end the session."""
        answers = {"SIGUSR1": panic, "SIGUSR2": keep}
        if self.reread and not may_be_hung_up():
            answers["SIGHUP"] = self._ask_for_settings
        return answers

    def attend(self, live: RealTime, player: Player, turns: Callable[[], int], now: float) -> None:
        """Tell those outside how it goes. `turns`: how many there were so far; `now` in seconds."""
        live.routines.append(Minutes(player, turns, self.reporter, now))
        supervisor = Supervisor(os.environ)
        if supervisor:
            live.routines.append(Watch(supervisor, live.ping))

    def offer_settings(self, live: RealTime, config: Config, adopt: Callable[[Config], None]) -> None:
        """Settings can be read anew: those that `adopt` takes count at once. `config` are the ones it plays by."""
        if self.reread:
            reloading = Reloading(config, self.reread, adopt, self.reporter, Supervisor(os.environ))
            live.routines.append(reloading)
            self._wishes += [reloading.ask, live.look]

    def _ask_for_settings(self) -> None:
        for wish in self._wishes:
            wish()
