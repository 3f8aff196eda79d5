"""From what the user has chosen to the settings of the core's parts."""

from __future__ import annotations

from pathlib import Path

from musedaemon.config.scale_names import follows_call, leans_to_call, scale_named
from musedaemon.config.schema import Config, Reply, Tempo, is_midi_file
from musedaemon.core.beat_grid import Meter, parse_meter
from musedaemon.core.beat_source import BeatSource, FollowedClock, NoClock
from musedaemon.core.conversation import LEAD_S
from musedaemon.core.engine import EngineSettings
from musedaemon.core.feel import Feel, StartOn
from musedaemon.core.limits import KeyOfCall, LimitSettings, Register
from musedaemon.core.link_clock import LinkClock
from musedaemon.core.link_peer import LinkPeer
from musedaemon.core.manners import Lengths
from musedaemon.core.metronome import Metronome, MetronomeSettings
from musedaemon.core.modes import Mode
from musedaemon.core.own_clock import OwnClock
from musedaemon.core.player import PlayerTiming
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.scales import Scale
from musedaemon.core.signals import PEDALS, By, SignalSettings
from musedaemon.core.tap_tempo import TapSettings
from musedaemon.core.thru import Thru, nothing, on_channel, unchanged
from musedaemon.errors import ConfigError
from musedaemon.run.link_session import FIRST_BPM, LinkSession, LinkSettings, open_link_session
from musedaemon.run.missing import what_lies_at
from musedaemon.takes.desk import TakeSettings
from musedaemon.takes.folder import left_beside, ready_folder


def names_file(name: str) -> bool:
    """Whether a name is a .mid file's, and not a port's. ConfigError for what is another file's or a folder's.

    A bare word may be a port's, whatever lies in the folder.
    """
    if is_midi_file(name):
        return True
    path = Path(name)
    if (path.suffix or path.name != name) and (what := what_lies_at(name)):
        raise ConfigError(f"{name} is a {what}; name a .mid file, or a MIDI port (`musedaemon ports` lists them).")
    return False


def thru(config: Config) -> Thru:
    """What of the playing is passed on."""
    ports = config.ports
    if not ports.thru:
        return nothing
    return on_channel(ports.thru_channel - 1) if ports.thru_channel else unchanged


def player_timing(config: Config) -> PlayerTiming:
    """For notes that leave by a port; those that are only written are never late."""
    return PlayerTiming(config.timing.output_offset_ms / 1000, config.timing.max_lateness_ms / 1000)


def engine_settings(config: Config, seed: int, timing: PlayerTiming) -> EngineSettings:
    """How the partner plays; `timing` is that of the port it plays to."""
    model, turns = config.model, config.turns
    return EngineSettings(
        sampling=SamplingSettings(model.temperature, model.top_p, model.lowest_pitch, model.highest_pitch),
        hand_over_s=turns.hand_over_s,
        signals=signal_settings(config),
        lengths=Lengths(turns.length, turns.length_beats, turns.max_reply_beats),
        limits=_limit_settings(config.reply),
        memory=model.memory,
        channel=config.ports.response_channel - 1,
        seed=seed,
        lead_s=LEAD_S + timing.offset,
        mode=Mode(turns.mode),
        trade_bars=turns.trade_bars,
        meter=meter(config.tempo),
        feel=_feel(config.tempo, seed),
        # A file does not come in to end a solo, nor let go while it waits.
        longest_beats=turns.max_reply_beats if names_file(config.ports.input) else float("inf"),
    )


def _limit_settings(reply: Reply) -> LimitSettings:
    return LimitSettings(
        scale=_scale(reply.scale),
        register=Register(reply.register),
        polyphony=reply.polyphony,
        density=reply.density,
        softest=reply.softest,
        loudest=reply.loudest,
    )


def _scale(name: str) -> Scale | KeyOfCall | None:
    if follows_call(name):
        return KeyOfCall.FOUND
    return KeyOfCall.LEANED_TO if leans_to_call(name) else scale_named(name)


def signal_settings(config: Config) -> SignalSettings:
    """What the musician signals with."""
    turns, takes = config.turns, config.takes
    controls = (PEDALS.get(turns.hand_over_pedal, -1), turns.hand_over_control)
    return SignalSettings(
        controls=frozenset(number for number in controls if number >= 0),
        key=turns.hand_over_key if turns.hand_over_key >= 0 else None,
        by=By(turns.hand_over_by),
        transport=turns.hand_over_transport,
        mode_control=turns.mode_control if turns.mode_control >= 0 else None,
        keep_control=takes.keep_control if takes.keep_control >= 0 else None,
        keep_key=takes.keep_key if takes.keep_key >= 0 else None,
        panic_control=turns.panic_control if turns.panic_control >= 0 else None,
        panic_key=turns.panic_key if turns.panic_key >= 0 else None,
    )


def meter(tempo: Tempo) -> Meter:
    """The bars that are traded, counted in, clicked, waited for and written."""
    chosen = parse_meter(tempo.meter)
    assert chosen is not None
    return chosen


def _feel(tempo: Tempo, seed: int) -> Feel:
    return Feel(StartOn(tempo.start_on), tempo.swing, tempo.humanize_ms / 1000, seed)


def take_settings(config: Config, target: Path | None) -> TakeSettings:
    """Where takes go, the folders made ready; only to the file of the session, `target`, if it has one. ConfigError
    tells why not.

    From file to file nothing is taken: all of it is played at once, and written then.
    """
    takes = config.takes
    is_written = target is not None
    single = target if not names_file(config.ports.input) else None
    keep = takes.keep_folder or takes.record
    return TakeSettings(
        record=ready_folder(takes.record) if takes.record and not is_written else None,
        single=single,
        left=left_beside(Path(config.ports.output)) if single else [],
        keep=ready_folder(keep) if keep and not is_written else None,
        silence_s=takes.silence_s or float("inf"),
        keep_s=takes.keep_minutes * 60.0,
        meter=meter(config.tempo),
        bpm=config.tempo.bpm or (config.tempo.bpm_hint if single else 0.0) or None,
    )


def beat_source(tempo: Tempo, link: LinkPeer | None = None) -> BeatSource:
    """Where the beats come from while a port is played on; from `link` where there is one."""
    bars = meter(tempo)
    if link:
        return LinkClock(link, bars, _tap_settings(tempo))
    if tempo.clock == "midi":
        return FollowedClock()
    if tempo.clock == "follow":
        return NoClock(_tap_settings(tempo))
    clicks = MetronomeSettings(tempo.metronome_channel - 1, tempo.metronome_accent_pitch, tempo.metronome_pitch)
    metronome = Metronome(bars, clicks) if tempo.metronome_channel else None
    return OwnClock(tempo.bpm, bars, metronome, tempo.count_in_bars, _tap_settings(tempo))


def link_session(tempo: Tempo) -> LinkSession | None:
    """Ourselves in an Ableton Link session, if the beats come from there. ConfigError without its library."""
    if tempo.clock != "link":
        return None
    return open_link_session(LinkSettings(first_bpm(tempo) or FIRST_BPM, meter(tempo).bar_beats, tempo.link_start_stop))


def first_bpm(tempo: Tempo) -> float | None:
    """The tempo until a clock from elsewhere is heard: what it is alone in a Link session; None to be found."""
    if tempo.clock == "link":
        return tempo.bpm or tempo.bpm_hint or FIRST_BPM
    return tempo.bpm or None


def _tap_settings(tempo: Tempo) -> TapSettings:
    return TapSettings(
        key=tempo.tap_key if tempo.tap_key >= 0 else None,
        control=tempo.tap_control if tempo.tap_control >= 0 else None,
    )
