"""A session made of its settings: its files read and checked, its model loaded, its parts put together."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from musedaemon.config.schema import MAX_SEED, Config
from musedaemon.core.beat_source import NoClock, is_of_clock
from musedaemon.core.engine import Engine
from musedaemon.core.periodicity import FASTEST_BPM, SLOWEST_BPM
from musedaemon.core.player import Player, PlayerTiming, ignore_nothing
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing
from musedaemon.errors import ConfigError
from musedaemon.midi.files import TimedFile, check_writable, read_midi_file
from musedaemon.midi.loop_guard import LoopGuard, NoLoop
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon.run.chosen import (
    beat_source,
    engine_settings,
    link_session,
    meter,
    names_file,
    player_timing,
    signal_settings,
    take_settings,
    thru,
)
from musedaemon.run.outside import Outside
from musedaemon.run.recorder import Recorder, Unrecorded
from musedaemon.run.reporting import Reporter
from musedaemon.run.session import Session
from musedaemon.takes.folder import free_name


def play(config: Config, reporter: Reporter, reread: Callable[[], Config] | None = None) -> int:
    """Play one session with `config`; returns the exit status. Called on the main thread. `reread` reads it anew.

    MusedaemonError says what to mend. Whatever was played is written even if the session ends in an error.
    """
    session = prepare(config, reporter)
    session.outside.reread = reread
    session.play()
    return 0


def prepare(config: Config, reporter: Reporter) -> Session:
    """A session that is ready to play: its file read, its model loaded, no port open yet. MusedaemonError as `play`."""
    score = read_midi_file(Path(config.ports.input)) if names_file(config.ports.input) else None
    target = file_to_write(config)
    if target and target != Path(config.ports.output):
        reporter.warning(f"{config.ports.output} is there already, so this session goes to {target}")
    model = OnnxModel.load(Path(config.model.path)) if config.model.path else load_default()
    seed = config.model.seed if config.model.seed >= 0 else secrets.randbelow(MAX_SEED + 1)
    tempo = TempoTracker(config.tempo.bpm or None, config.tempo.bpm_hint or None, playable_bpm(score))
    timing = PlayerTiming() if target else player_timing(config)
    settings = engine_settings(config, seed, timing)
    link = link_session(config.tempo)

    def make_engine(ahead_s: float) -> Engine:
        return Engine(model, tempo, replace(settings, lead_s=settings.lead_s + ahead_s))

    return Session(
        config=config,
        reporter=reporter,
        score=score,
        target=target,
        tempo=tempo,
        make_engine=make_engine,
        player=Player(
            NoLoop() if score else LoopGuard(),
            nothing if target else thru(config),
            timing,
            signal_settings(config),
            NoClock() if score and target else beat_source(config.tempo, link),
            is_of_clock if config.ports.clock_input else ignore_nothing,
        ),
        record=Recorder(meter(config.tempo)) if score and target else Unrecorded(),
        model_name=str(model.card),
        seed=seed,
        link=link,
        takes=take_settings(config, target),
        outside=Outside(reporter),
    )


def playable_bpm(score: TimedFile | None) -> float | None:
    """The tempo a file says it has, if anybody could play at it."""
    return score.bpm if score and score.bpm and SLOWEST_BPM <= score.bpm <= FASTEST_BPM else None


def file_to_write(config: Config) -> Path | None:
    """The .mid file that the session is to be written to, None for a port. ConfigError where it cannot be written.

    An answer to a file can be had again, and takes the place of the last one. What somebody played cannot: beside a
    file that is there the next one gets a number.
    """
    if not names_file(config.ports.output):
        return None
    target = Path(config.ports.output)
    check_writable(target)
    if not names_file(config.ports.input):
        return free_name(target)
    if _is_one_file(target, Path(config.ports.input)):
        raise ConfigError(f"{target} is both --in and --out; name another file to write.")
    return target


def _is_one_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there
        return False
