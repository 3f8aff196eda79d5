"""New settings for a session that goes on: what can change while it plays does, the rest waits for the next start."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from musedaemon.config.schema import SECTIONS, Config, rules
from musedaemon.errors import MusedaemonError
from musedaemon.run.reporting import Reporter
from musedaemon.run.supervision import Supervisor

LIVE_KEYS = {
    "turns": ("hand_over_s", "length", "max_reply_beats", "length_beats", "mode", "trade_bars"),
    "tempo": ("start_on", "swing", "humanize_ms"),
    "model": ("temperature", "top_p", "memory", "lowest_pitch", "highest_pitch"),
    "reply": tuple(rules("reply")),
}
"""What can change while a session plays, by section."""


def changed_keys(old: Config, new: Config) -> tuple[list[str], list[str]]:
    """The keys that differ, as `section.key`: those that can change while it plays, and those that wait."""
    differing = [
        (section, key)
        for section in SECTIONS
        for key in rules(section)
        if getattr(getattr(old, section), key) != getattr(getattr(new, section), key)
    ]
    live = [f"{section}.{key}" for section, key in differing if key in LIVE_KEYS.get(section, ())]
    return live, [f"{section}.{key}" for section, key in differing if f"{section}.{key}" not in live]


def with_live_keys(old: Config, new: Config) -> Config:
    """The old settings with those of the new ones that can change while it plays."""
    changed = {
        section: replace(getattr(old, section), **{key: getattr(getattr(new, section), key) for key in keys})
        for section, keys in LIVE_KEYS.items()
    }
    return replace(old, **changed)


class Reloading:
    """A `Routine`: once `ask`ed, it reads the settings again. All on the main thread."""

    def __init__(
        self,
        config: Config,
        reread: Callable[[], Config],
        adopt: Callable[[Config], None],
        reporter: Reporter,
        supervisor: Supervisor,
    ) -> None:
        self._config = config
        self._reread = reread
        self._adopt = adopt
        self._reporter = reporter
        self._supervisor = supervisor
        self._asked = False

    def ask(self) -> None:
        """Read them again soon."""
        self._asked = True

    def next_deadline(self) -> float:
        """At once when it was asked."""
        return 0.0 if self._asked else float("inf")

    def advance(self, now: float) -> None:
        """Read them, and play by them; those that cannot be used change nothing."""
        self._asked = False
        self._supervisor.reloading()
        try:
            new = self._reread()
        except MusedaemonError as error:
            problems = " ".join(str(error).splitlines())
            self._reporter.warning(f"the settings stay as they were, because the new ones cannot be used: {problems}")
        else:
            live, waiting = changed_keys(self._config, new)
            self._config = with_live_keys(self._config, new)
            if live:
                self._adopt(self._config)
            self._reporter.reloaded(live, waiting)
        self._supervisor.tell("READY=1")

    def end(self) -> None:
        """Nothing."""


def may_be_hung_up() -> bool:
    """Whether a terminal that may be closed controls this process; else SIGHUP can only mean new settings."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
