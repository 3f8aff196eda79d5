"""What becomes of each thing that is played: cut into jams and written, and remembered for when it is to be kept.

On the thread of takes alone; it has no thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from musedaemon.core.beat_grid import Meter
from musedaemon.takes.jams import Added, Began, Ended, Jams, LastMinutes, Step
from musedaemon.takes.journal import Entry, Scene, heading, line
from musedaemon.takes.writing import Keeping, OpenJournal, Place, Writing, dated, named
from musedaemon.whole_file import reason

KEPT = "_kept"
"""Ends the name of a take that was asked for."""
NOWHERE = "nothing is kept: name a folder for it with --record, or with keep_folder in config.toml"


@dataclass(frozen=True, slots=True)
class TakeSettings:
    """`record` is the folder every jam goes to, None for none; a jam ends after `silence_s`.

    `single` is the file that the whole session goes to instead, from its first note on; `left` are the journals of
    sessions to such a file that were cut short.

    `keep` is the folder for what is to be kept of the last `keep_s` seconds, None where nothing is remembered. `bpm` is
    the tempo until one is found.
    """

    record: Path | None = None
    single: Path | None = None
    left: Sequence[Path] = ()
    keep: Path | None = None
    silence_s: float = 60.0
    keep_s: float = 600.0
    meter: Meter = field(default_factory=Meter)
    bpm: float | None = None

    @property
    def folders(self) -> list[Path]:
        """Every folder of takes."""
        return list(dict.fromkeys(folder for folder in (self.record, self.keep) if folder is not None))


class Desk:
    """`receive` what is played, `advance` the time (seconds of the session), `keep` the last minutes, `end`."""

    def __init__(self, settings: TakeSettings, keeping: Keeping, warn: Callable[[str], None]) -> None:
        scene = Scene(settings.bpm)
        self._settings = settings
        self._keeping = keeping
        self._warn = warn
        endless = float("inf")
        self._jams = Jams(endless, scene, endless) if settings.single else Jams(settings.silence_s, scene)
        self._minutes = LastMinutes(settings.keep_s, scene)
        self._writing = self._writing_of_session()

    @property
    def is_on(self) -> bool:
        """Whether a jam is being written."""
        return self._writing is not None and self._writing.is_on

    @property
    def lost(self) -> str:
        """Why the latest jam that is over lacks what was played last, in the system's words; "" where it is whole."""
        return self._writing.lost if self._writing else ""

    def receive(self, entry: Entry) -> None:
        """Take what was played."""
        if self._settings.keep:
            self._minutes.receive(entry)
        if self._writing:
            self._follow(self._writing, self._jams.receive(entry))

    def advance(self, now: float) -> None:
        """Write what has come; end the jam if nobody has played for long."""
        if self._writing:
            self._writing.advance(now)
            self._follow(self._writing, self._jams.advance(now))

    def keep(self, now: float) -> None:
        """Write the last minutes as a take of their own, at once."""
        if self._settings.keep is None:
            self._warn(NOWHERE)
            return
        remembered = self._minutes.kept(now)
        if remembered is None:
            self._warn("nothing is kept: no note was played in the last minutes")
            return
        began = remembered.began
        lines = heading(self._settings.meter, remembered.scene, began)
        lines += [line(entry, began) for entry in remembered.entries]
        try:
            journal = dated(self._settings.keep, KEPT)(lines)
        except OSError as error:
            self._warn(f"the last minutes are not kept ({reason(error)}); make room, and ask again")
            return
        journal.close()
        self._keeping.over(journal.path)

    def end(self, now: float) -> None:
        """The session is over, and the jam with it."""
        if self._writing:
            self._follow(self._writing, self._jams.end())
            self._writing.advance(now)

    def _follow(self, writing: Writing, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Began(at, scene):
                    writing.begin(at, scene)
                case Added(entry):
                    writing.add(entry)
                case Ended(at):
                    writing.end(at)

    def _writing_of_session(self) -> Writing | None:
        if self._settings.single:
            return self._writing_at(named(self._settings.single))
        return self._writing_at(dated(self._settings.record)) if self._settings.record else None

    def _writing_at(self, open_journal: OpenJournal) -> Writing:
        return Writing(Place(open_journal, self._settings.meter), self._keeping, self._warn)
