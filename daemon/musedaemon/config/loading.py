"""Where the settings come from: a file, then the command line on top; all that is wrong is told at once."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from musedaemon.config.checking import Given, check_document, check_value, conflicts
from musedaemon.config.recognising import looks_foreign
from musedaemon.config.schema import SECTIONS, Config, Value
from musedaemon.errors import ConfigError
from musedaemon.plain_file import MEGABYTE, read_plain

FILE_NAME = "config.toml"
MOST_BYTES = MEGABYTE
"""The whole of config.toml, comments included, has a hundredth of it."""
_AT_LINE = re.compile(r" ?\(at line (\d+), column \d+\)$")


class Override(NamedTuple):
    """A setting given on the command line; `option` is what the user typed, `--bpm`."""

    section: str
    key: str
    value: Value
    option: str


def settings(explicit: Path | None, overrides: Sequence[Override]) -> Config:
    """The settings of a start: the file that `find` finds, then `overrides`. All problems in one ConfigError."""
    problems: list[str] = []
    config = Config()
    path = find(explicit)
    try:
        config = config if path is None else load(path)
    except ConfigError as error:
        problems.append(str(error))
        if explicit is None and path == Path(FILE_NAME):
            problems.append(f"{FILE_NAME} is the one in this folder; --config names another.")
    try:
        config = merge(config, overrides)
    except ConfigError as error:
        problems.append(str(error))
    _raise_if(problems)
    return config


def find(explicit: Path | None) -> Path | None:
    """The file to load: the explicit one, ./config.toml, the one in the user's config folder, or none."""
    if explicit is not None:
        return explicit
    here = Path(FILE_NAME)
    if _is_file(here) and not _is_foreign(here):
        return here
    return user_file() if _is_file(user_file()) else None


def source(explicit: Path | None) -> str:
    """The file that `find` finds, for people: with the user's own, if this folder's goes before it; empty for none."""
    path = find(explicit)
    if path is None:
        return ""
    if explicit is None and path != user_file() and _is_file(user_file()):
        return f".{os.sep}{FILE_NAME}, not {_with_tilde(user_file())}"
    return str(path)


def _with_tilde(path: Path) -> str:
    try:
        return str(Path("~", path.relative_to(Path.home())))
    except (ValueError, RuntimeError):  # it lies elsewhere, or there is no home
        return str(path)


def passed_over(explicit: Path | None) -> Path | None:
    """The ./config.toml that `find` leaves alone because it is another program's; None where there is none."""
    here = Path(FILE_NAME)
    return here if explicit is None and _is_file(here) and _is_foreign(here) else None


def user_file() -> Path:
    """The user's own configuration file, as the system's customs place it; it need not exist."""
    import platformdirs

    return platformdirs.user_config_path("musedaemon", appauthor=False) / FILE_NAME


def load(path: Path | str) -> Config:
    """Read a configuration file; what it leaves out keeps its default.

    A relative `model.path` counts from the file's folder; `~` is the home folder.
    Raises ConfigError with one line a problem.
    """
    path = Path(path)
    given, problems = check_document(_parse(path))
    config = _with_implied(_with(Config(), given), given)
    problems += conflicts(config)
    _raise_if([f"{path}: {problem}" for problem in problems])
    return _with_paths(config, path.parent)


def _with_paths(config: Config, folder: Path) -> Config:
    """`~` is the home folder, as in a shell; and the model lies where the file that names it does."""
    model_path = config.model.path and str(folder / _expanded(config.model.path))
    return dataclasses.replace(
        config,
        model=dataclasses.replace(config.model, path=model_path),
        ports=dataclasses.replace(
            config.ports, input=_expanded(config.ports.input), output=_expanded(config.ports.output)
        ),
        takes=dataclasses.replace(
            config.takes, record=_expanded(config.takes.record), keep_folder=_expanded(config.takes.keep_folder)
        ),
    )


def _expanded(name: str) -> str:
    return os.path.expanduser(name)  # noqa: PTH111 - Path's own raises where there is no home


def merge(config: Config, overrides: Sequence[Override]) -> Config:
    """`config` with the command line on top. Raises ConfigError with one line a problem, each naming its option."""
    problems: list[str] = []
    given: dict[str, dict[str, Value]] = {}
    for override in overrides:
        value, problem = check_value(override.section, override.key, override.value)
        if value is None:
            problems.append(f"{override.option}: {problem}")
        else:
            given.setdefault(override.section, {})[override.key] = value
    merged = _with_implied(_with(config, given), given)
    _raise_if(problems + conflicts(merged))
    return merged


def _with(config: Config, given: Given) -> Config:
    # Any: mypy cannot pair a section's name with its class; `check_value` has.
    changed = {
        section: dataclasses.replace(getattr(config, section), **given[section])
        for section in SECTIONS
        if section in given
    }
    return dataclasses.replace(config, **changed)


def _with_implied(config: Config, given: Given) -> Config:
    """A port for the MIDI clock means `clock = "midi"`, unless another one is `given` beside it."""
    if not config.ports.clock_input or config.tempo.clock != "follow" or "clock" in given.get("tempo", {}):
        return config
    return dataclasses.replace(config, tempo=dataclasses.replace(config.tempo, clock="midi"))


def _parse(path: Path) -> dict[str, object]:
    try:
        data = read_plain(path, MOST_BYTES)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; check the path given to --config.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give another file with --config.") from None
    try:
        return tomllib.loads(data.decode("utf-8-sig"))  # Windows editors like to start with a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {_toml_problem(str(error))}") from None
    except (ValueError, RecursionError):  # thousands of digits or of brackets
        raise ConfigError(f"{path}: is not a configuration file; see config.toml of musedaemon.") from None


def _toml_problem(message: str) -> str:
    where = _AT_LINE.search(message)
    if where:
        return f"line {where[1]} is not TOML: {message[: where.start()]}."
    return f"is not TOML: {message}."


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _is_foreign(path: Path) -> bool:
    """What cannot be read is not told apart: reading it says why."""
    try:
        return looks_foreign(read_plain(path, MOST_BYTES))
    except OSError:
        return False


def _raise_if(problems: list[str]) -> None:
    if problems:
        raise ConfigError("\n".join(problems))
