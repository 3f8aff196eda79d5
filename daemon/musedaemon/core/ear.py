"""The ear: all that was really heard, the musician's notes and ours, in the order in which they sounded."""

from __future__ import annotations

from collections import deque

from musedaemon.core.beat_grid import Beat, Place
from musedaemon.core.commands import TempoFound
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.keys import Keys
from musedaemon.core.memory import REACH, SessionMemory
from musedaemon.core.moment import Moment, nearest_tick, opening, ticks_per_second
from musedaemon.core.phrase import Phrase
from musedaemon.core.tempo import TempoFrom, TempoTracker
from musedaemon.core.timeline import FREE, Timeline
from musedaemon.model.protocol import NoteModel

_RETUNED = 0.02
"""From this change of tempo on (a share of it) the phrase is heard again at the tempo that was found."""

BREATH_S = 0.25
"""So long after a note there is time to find the tempo, where nothing says when the phrase will end."""
_MANY_NOTES = 8


class Ear:
    """The state of the model that counts: `moment`, after the last note that sounded. Owned by the engine."""

    def __init__(self, model: NoteModel, tempo: TempoTracker, memory: float, timeline: Timeline = FREE) -> None:
        """`memory` is the dial, 0 to 1. `timeline`: where the beats of a clock lie."""
        self._model = model
        self._tempo = tempo
        self._tempo_found = True
        self._notes_counted = 0
        self._counted_at_bpm = tempo.bpm
        self._own_handles: deque[int] = deque(maxlen=REACH)
        self.beat_tick: int | None = None
        """The tick nearest to a beat, where tempo and beats were found in the playing; they go on from it."""
        self._keys = Keys()
        self.timeline = timeline
        self.moment = opening(model, 0.0, timeline)
        self.memory = SessionMemory(len(self.moment.key), memory)
        self.phrase = Phrase(model, self.memory)
        """What the musician has played since the turn was last theirs."""
        self._latest = self.phrase
        self.heard_at = 0.0
        """When a note of the musician's last began or ended (seconds)."""
        self.tempo_found_at = 0.0
        """When the tempo was last looked for (seconds)."""

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return self.timeline.bpm or self._tempo.bpm

    @property
    def tempo_from(self) -> TempoFrom:
        """Where the tempo came from."""
        return self._tempo.came_from if self.timeline.bpm is None else TempoFrom.CLOCK

    @property
    def bpm_known(self) -> bool:
        """Whether the tempo is more than a guess."""
        return self.timeline.bpm is not None or self._tempo.known

    @property
    def beat_s(self) -> float:
        """How long a beat lasts (seconds)."""
        return 60.0 / self.bpm

    @property
    def quiet_since(self) -> float:
        """When the last key or pedal came up (seconds), infinity while one is down."""
        return self._keys.quiet_since if self._keys.quiet else float("inf")

    @property
    def tempo_unknown(self) -> bool:
        """Whether there are notes from which the tempo was not found yet."""
        return not self._tempo_found and len(self.phrase) > 0 and self.timeline.bpm is None

    @property
    def held(self) -> list[int]:
        """The pitches of the keys that are down."""
        return [pitch for pitch, end in self.moment.tracker.ends.items() if end is None]

    @property
    def breath_at(self) -> float:
        """When there is time to find the tempo in mid-phrase (seconds): after a breath, or many notes without one."""
        enough = len(self.phrase) - self._notes_counted >= _MANY_NOTES
        return self.phrase.last_onset + (0.0 if enough else BREATH_S)

    @property
    def call(self) -> Phrase:
        """The phrase underway; before its first note, the one before it."""
        return self.phrase if len(self.phrase) else self._latest

    def after_beats(self, at: float, beats: float) -> float:
        """The time (seconds) so many beats after another, by the clock or the tempo."""
        return self.timeline.after_beats(at, beats) if self.timeline.runs else at + beats * self.beat_s

    def place(self, at: float) -> Place:
        """A moment (seconds), on the clock's beat if one runs: there it stays, however its tempo changes."""
        return Place(at, self.timeline.beat_of(at) if self.timeline.runs else None, self.beat_s)

    def time_after(self, place: Place, beats: float) -> float:
        """The time (seconds) so many beats after a place."""
        if place.beat is None:
            return place.at + beats * place.beat_s
        return self.timeline.time_of_beat(place.beat + beats)

    def bar_line(self, at: float, pick_up_beats: float) -> float:
        """The bar line (seconds) of a phrase that begins `at`, maybe with a pick-up; without a clock, just then."""
        return self.timeline.bar_line(at, pick_up_beats) if self.timeline.runs else at

    def follow_clock(self, beat: Beat) -> bool:
        """The clock reports; whether a song has begun or ended. If so, what was thought of ahead holds no more."""
        turned = self.timeline.follow(beat, self.moment.tick_at(beat.at, self.bpm))
        if turned:
            self.moment = self.moment._replace()
        return turned

    def take_tempo(self, bpm: float) -> None:
        """The musician has tapped it: it is looked for no more. What was heard of the phrase is counted in it, too."""
        self._tempo.take(bpm)
        self._tempo_found = False

    def hear(self, event: MidiEvent) -> list[int]:
        """The musician did this; returns the pitches that end by it."""
        match event:
            case NoteOn():
                self._keys.press(event.channel, event.pitch)
                if not len(self.phrase):
                    self._counted_at_bpm = self.bpm
                self.moment = self.phrase.note_on(self.moment, event, self.bpm)
                self._tempo_found = False
                self.heard_at = event.at
                return []
            case NoteOff(channel=channel, pitch=pitch):
                ended = [(channel, pitch)] if self._keys.release(event.at, channel, pitch) else []
            case ControlChange():
                ended = self._keys.control(event)
            case _:
                return []
        for channel, pitch in ended:
            self.moment = self.phrase.note_off(self.moment, event.at, channel, pitch, self.bpm)
            self.heard_at = event.at
        return [pitch for _, pitch in ended]

    def hear_last(self, event: NoteOn) -> None:
        """A note of the musician's with which the phrase ends that was over already."""
        self.phrase = self._latest
        self.phrase.alone = False
        self.hear(event)
        self.turn_page()

    def hear_own(self, before: Moment, after: Moment, beat: float | None) -> None:
        """A note of ours has left, which was sampled at the moment `before` and made it `after`, on a clock's `beat`.

        Where the musician played meanwhile, the note is heard as it came about, at the moment that was.
        """
        moment = self.moment
        self.moment = after if moment is before else self._heard_anew(after, beat)
        assert self.moment.note is not None
        self._own_handles.append(self.memory.remember(moment.key, moment.trail, self.moment.note))
        self.phrase.alone = len(self.phrase) == 0

    def _heard_anew(self, after: Moment, beat: float | None) -> Moment:
        """On its beat, which lies elsewhere by now where the clock's tempo has changed."""
        at, note = after.at if beat is None else self.timeline.time_of_beat(beat), after.note
        assert note is not None
        end = after.tracker.ends[note.pitch]
        assert end is not None
        return self.moment.heard(self._model, at, note.pitch, note.velocity, self.bpm, end - after.tick)

    def release_own(self, at: float) -> None:
        """All notes of ours that sound end now (seconds)."""
        tracker = self.moment.tracker
        for pitch in tracker.sounding_at(self.moment.tick_at(at, self.bpm)):
            if tracker.ends[pitch] is not None:
                self.moment = self.moment.released(at, pitch, self.bpm)

    def forget_own(self) -> None:
        """What we have played is over, and leaves the session memory: the next answer is to be another one.

        The state has heard it and goes on from there.
        """
        self.memory.forget(self._own_handles)
        self._own_handles.clear()

    def find_tempo(self, at: float) -> list[TempoFound]:
        """Find the tempo in the phrase (seconds); where it is another, the phrase is heard again.

        Returns it with since when it holds (all of the phrase since one was looked for), nothing if it is but a guess.
        """
        since = max(self.call.first_onset, self.tempo_found_at)
        if self.tempo_unknown:
            self._find_tempo(at)
        return [TempoFound(since, self.bpm)] if self.bpm_known else []

    def _find_tempo(self, at: float) -> None:
        self.tempo_found_at = at
        self._tempo_found = True
        self._notes_counted = len(self.phrase)
        bpm = self._tempo.follow(self.phrase.strikes, self.phrase.first_onset)
        if abs(bpm / self._counted_at_bpm - 1) > _RETUNED and self.phrase.alone:
            self.moment = self.phrase.replay(bpm)
        self._counted_at_bpm = bpm
        if line := self._tempo.line:
            self.beat_tick = self.moment.tick - nearest_tick((self.moment.at - line.at) * ticks_per_second(bpm))

    def turn_page(self) -> Phrase:
        """The phrase is over: returns it, and listens for the next."""
        self._latest = self.call
        over, self.phrase = self.phrase, self.phrase.next()
        self._notes_counted = 0
        return over

    def end_song(self) -> None:
        """The song has ended: what was played of the phrase so far is not to be answered after a silence."""
        self.phrase.song_over = len(self.phrase) > 0

    def turn_back(self, phrase: Phrase) -> None:
        """The phrase that was over goes on: nothing was played since."""
        self.phrase = phrase
