"""The engine: hears the musician and plays its part, in whatever mode. The heart of the sans-IO core.

It is told the time and what happened, and returns what to do; what it plays depends only on what was heard, when, and
the seed, so the real-time runner and the simulator get the same notes from the same events.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from musedaemon.core.beat_grid import Meter
from musedaemon.core.commands import (
    Cancelled,
    ClockMoved,
    ClockState,
    Dropped,
    Effect,
    GoOn,
    Heard,
    ModeChanged,
    OutputFound,
    OutputLost,
    Panicked,
    Played,
    Report,
    Signalled,
    Silenced,
    Tapped,
    Withdrawn,
)
from musedaemon.core.conversation import LEAD_S, Conversation, Foreseen
from musedaemon.core.duet import Duet, Stance
from musedaemon.core.ear import Ear
from musedaemon.core.events import ALL_SOUND_OFF, ControlChange
from musedaemon.core.feel import Feel
from musedaemon.core.limits import Limiter, LimitSettings
from musedaemon.core.listening import Listening
from musedaemon.core.manners import CallEnds, CallResponse, Lengths, Manner, Solo, going_on
from musedaemon.core.memory import TUNED_DIAL, SessionMemory
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.modes import Mode
from musedaemon.core.moment import Moment
from musedaemon.core.part import Part
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.signals import NO_SIGNALS, SignalSettings, Wish
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.timeline import Timeline
from musedaemon.core.trading import Trade
from musedaemon.core.turns import Turn
from musedaemon.core.voice import Voice
from musedaemon.model.protocol import NoteModel


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`hand_over_s`: silence that ends a call, 0 for none. `signals`: the musician's other ways to end it.

    `memory`: the dial, 0 to 1. `channel` is 0 to 15. `lead_s`: from the hand-over to the earliest first note.
    `trade_bars`: how many of the `meter` each plays in that mode. `longest_beats`: how long a solo or a turn that is
    held goes on, infinity for without end. `feel` counts where a clock runs.
    """

    sampling: SamplingSettings
    hand_over_s: float = 0.6
    signals: SignalSettings = NO_SIGNALS
    lengths: Lengths = field(default_factory=Lengths)
    limits: LimitSettings = field(default_factory=LimitSettings)
    memory: float = TUNED_DIAL
    channel: int = 0
    seed: int = 0
    lead_s: float = LEAD_S
    mode: Mode = Mode.CALL_RESPONSE
    trade_bars: int = 4
    longest_beats: float = float("inf")
    meter: Meter = field(default_factory=Meter)
    feel: Feel = field(default_factory=Feel)


_OF_THE_HAND = (Wish.TURN, Wish.HAND_OVER, Wish.HOLD, Wish.TAKE_BACK, Wish.REST)
"""After any of them nothing is held but by `HOLD`."""


def _manner(mode: Mode, settings: EngineSettings) -> tuple[object, ...]:
    """What a conversation in this mode goes by, and cannot be changed under a reply; the others go by nothing."""
    match mode:
        case Mode.CALL_RESPONSE:
            return settings.hand_over_s, settings.lengths
        case Mode.TRADE:
            return (settings.trade_bars,)
        case Mode.SOLO:
            return (settings.hand_over_s,)
    return ()


class Engine:
    """`receive` reports, `advance` the time when `next_deadline` has come. Called on one thread only."""

    def __init__(self, model: NoteModel, tempo: TempoTracker, settings: EngineSettings) -> None:
        self._settings = settings
        self._ear = Ear(model, tempo, settings.memory, Timeline(settings.meter))
        limiter = Limiter(settings.limits, settings.sampling.playable())
        channel, seed, feel = settings.channel, settings.seed, settings.feel
        self._voice = Voice(model, self._ear, settings.sampling, limiter, channel, seed, feel)
        self._mode = settings.mode
        self._held = False
        self._part = self._part_of(settings.mode, float("-inf"))
        self._deferred: list[Heard | Signalled] = []

    @property
    def moment(self) -> Moment:
        """After the last note that was really heard, the musician's or ours."""
        return self._ear.moment

    @property
    def memory(self) -> SessionMemory:
        """The musician's notes that were really heard, and ours of the turn underway."""
        return self._ear.memory

    @property
    def mode(self) -> Mode:
        """What the partner does now."""
        return self._mode

    @property
    def turn(self) -> Turn:
        """Whose turn it is."""
        return self._part.turn

    @property
    def idle(self) -> bool:
        """Whether nothing more comes of what was heard, unless the musician does something."""
        at_rest = self.turn in (Turn.WAITING, Turn.LISTENING) and not self._deferred
        return at_rest and self.next_deadline() == float("inf")

    def adopt(self, settings: EngineSettings, now: float) -> list[Effect]:
        """Play by other settings from now on (seconds); what was heard, and where a clock's beats lie, stays.

        Signals, channel, seed, meter and lead are those of the beginning. What is played goes on, unless the part it
        belongs to is another one now.
        """
        old, fixed = self._settings, self._settings
        self._settings = replace(
            settings,
            signals=fixed.signals,
            channel=fixed.channel,
            seed=fixed.seed,
            meter=fixed.meter,
            lead_s=fixed.lead_s,
            longest_beats=fixed.longest_beats,
        )
        self._voice.adopt(settings.sampling, Limiter(settings.limits, settings.sampling.playable()), settings.feel)
        if settings.memory != old.memory:  # else it stays where the musician has turned it to
            self._ear.memory.dial = settings.memory
        mode = self._mode_to_be if settings.mode is old.mode else settings.mode
        if mode is not self._mode_to_be:
            return self._take_in_turn(Signalled(now, mode))
        same = _manner(mode, settings) == _manner(mode, old)
        return [] if same else self._take_in_turn(Signalled(now, Wish.ADOPT))

    def receive(self, report: Report) -> list[Effect]:
        """Take a report of the player's."""
        match report:
            case Played():
                return self._part.played(report)
            case Dropped():
                return self._part.dropped(report)
            case Withdrawn(at) | Cancelled(at):
                return self._gave_way(at)
            case ClockMoved():
                return self._follow_clock(report)
            case Tapped(at, bpm):
                self._ear.take_tempo(bpm)
                return [ClockState(at, ClockNews.TAPPED, bpm)]
            case Signalled(wish=Wish.KEEP):
                return []
            case Heard() | Signalled():
                return self._take(report)
            case OutputLost(at):
                return self._take(Signalled(at, Wish.PAUSE))
            case OutputFound(at):  # where the song has ended, the next one is waited for all the same
                return [] if self._ear.timeline.over else self._take(Signalled(at, Wish.RESUME))
            case Panicked(at, channels):
                return self._panic(at, channels)

    def advance(self, now: float) -> list[Effect]:
        """Do what is due at `now`, at most one note of the model's."""
        return [] if self._deferred else self._part.advance(now)

    def break_off(self, now: float) -> list[Effect]:
        """The session ends in the midst of things (seconds): what is left to be told. Nothing may be called after."""
        return self._part.break_off(now)

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""
        return float("inf") if self._deferred else self._part.next_deadline()

    def _follow_clock(self, moved: ClockMoved) -> list[Effect]:
        """Where a song ends, what we play of it is over. Where it loops nothing is, and nothing is told."""
        beat, news = moved
        ran, turned = self._ear.timeline.runs, self._ear.follow_clock(beat)
        runs = self._ear.timeline.runs
        is_no_news = news is ClockNews.PULSE or (news is ClockNews.STARTED and ran and not turned)
        effects: list[Effect] = [] if is_no_news else [ClockState(beat.at, news, beat.grid.bpm)]
        if turned:
            effects += self._take(Signalled(beat.at, Wish.PAUSE if runs else Wish.END)) if ran else []
            effects += self._take(Signalled(beat.at, Wish.RESUME)) if runs else []
        return effects

    def _panic(self, at: float, channels: frozenset[int]) -> list[Effect]:
        """All is silent: keys and pedals count as up, what was played is over, and the turn is the musician's."""
        effects: list[Effect] = [GoOn(at), Silenced(at)]
        for channel in sorted(channels or (0,)):
            effects += self._take(Heard(ControlChange(at, channel, ALL_SOUND_OFF, 0)))
        return [*effects, *self._take(Signalled(at, Wish.REST))]

    def _take(self, report: Heard | Signalled) -> list[Effect]:
        """What makes us give way waits, and all after it, until nothing of ours is pending."""
        if isinstance(report, Signalled) and report.wish is self._mode_to_be:
            return []
        return self._take_in_turn(report)

    @property
    def _mode_to_be(self) -> Mode:
        """The mode once all that waits is taken."""
        wishes = [report.wish for report in self._deferred if isinstance(report, Signalled)]
        return next((wish for wish in reversed(wishes) if isinstance(wish, Mode)), self._mode)

    def _take_in_turn(self, report: Heard | Signalled) -> list[Effect]:
        if isinstance(report, Signalled) and report.wish in _OF_THE_HAND:
            self._held = report.wish is Wish.HOLD
        rests = isinstance(report, Signalled) and report.wish is Wish.REST
        command = None if self._deferred or rests else self._part.gives_way_to(report)
        if self._deferred or command:
            self._deferred.append(report)
            return [command] if command else []
        return self._deliver(report)

    def _deliver(self, report: Heard | Signalled) -> list[Effect]:
        match report:
            case Heard(event):
                return self._part.hear(event)
            case Signalled(at, Mode() as mode):
                return self._switch(at, mode)
            case Signalled(at, Wish.REST):
                self._ear.turn_page()
                self._ear.forget_own()
                before, self._part = self._part, self._part_of(self._mode, at)
                if isinstance(before, Duet) and isinstance(self._part, Duet):
                    self._part.keep_silent_like(before)
            case Signalled(at, Wish.ADOPT):
                manner = self._manner_of(self._mode, at)
                if isinstance(self._part, Conversation):
                    self._part.adopt(manner, self._foreseen(manner), at)
            case Signalled(at, Wish() as wish):
                if wish is Wish.END:
                    self._ear.end_song()
                return self._part.signalled(at, wish)
        return []

    def _gave_way(self, at: float) -> list[Effect]:
        (first, *later), self._deferred = self._deferred, []
        effects = self._part.gave_way(at, first)
        # A wish to take the turn back has come true by that; where a song ends, what was begun meanwhile ends too.
        if isinstance(first, Heard) or isinstance(first.wish, Mode) or first.wish in (Wish.END, Wish.ADOPT):
            effects += self._deliver(first)
        if isinstance(first, Signalled) and first.wish is Wish.ADOPT:
            effects += self._part.signalled(at, Wish.RESUME)
        for report in later:
            effects += self._take_in_turn(report)
        return effects

    def _switch(self, at: float, mode: Mode) -> list[Effect]:
        """Nothing of ours sounds: what was heard goes on in another mode."""
        told = [] if mode is self._mode else [ModeChanged(at, mode)]
        self._mode, self._part = mode, self._part_of(mode, at)
        return [*told, *(self._part.signalled(at, Wish.HAND_OVER) if mode is Mode.SOLO else [])]

    def _part_of(self, mode: Mode, at: float) -> Part:
        ear, voice, settings = self._ear, self._voice, self._settings
        if mode is Mode.DUET:
            asked = self._held or settings.signals.foreseen is not Wish.HOLD
            return Duet(ear, voice, settings.lead_s, Stance.PLAYING if asked else Stance.TACET)
        if mode is Mode.LISTEN:
            return Listening(ear)
        manner = self._manner_of(mode, at)
        return Conversation(ear, voice, manner, self._foreseen(manner), settings.lead_s, at)

    def _foreseen(self, manner: Manner) -> Foreseen:
        settings = self._settings
        held = manner.bars if isinstance(manner, Trade) else going_on(settings.longest_beats)
        return Foreseen(settings.signals.foreseen, held)

    def _manner_of(self, mode: Mode, at: float) -> Manner:
        settings = self._settings
        ends = CallEnds.AT_ANY_TIME if settings.signals.hand_over else CallEnds.IN_SILENCE
        if mode is Mode.TRADE:
            return Trade(self._ear, settings.trade_bars * settings.meter.bar_beats, settings.lead_s, at)
        if mode is Mode.SOLO:
            return Solo(settings.hand_over_s, ends, going_on(settings.longest_beats))
        return CallResponse(settings.hand_over_s, ends, settings.lengths)
