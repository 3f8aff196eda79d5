"""The config.toml of the repository: every key, with its default and a line on each."""

import tomllib
from pathlib import Path

import pytest

from musedaemon.config.loading import load
from musedaemon.config.schema import SECTIONS, Config, defaults, rules

CONFIG_FILE = Path(__file__).parents[3] / "config.toml"
EVERY_KEY = [(section, key) for section in SECTIONS for key in rules(section)]


def test_its_values_are_the_defaults() -> None:
    assert load(CONFIG_FILE) == Config()


def test_it_holds_every_key_in_the_order_of_the_schema() -> None:
    document = tomllib.loads(CONFIG_FILE.read_text(encoding="utf-8"))
    assert [(section, key) for section, content in document.items() for key in content] == EVERY_KEY


def test_every_key_has_a_comment_above_it_or_above_its_neighbour() -> None:
    lines = CONFIG_FILE.read_text(encoding="utf-8").splitlines()
    for index, line in enumerate(lines):
        if "=" in line and not line.startswith("#"):
            above = lines[index - 1]
            assert above.startswith("#") or "=" in above, line


@pytest.mark.parametrize(("section", "key"), EVERY_KEY)
def test_every_default_fits_its_own_rule(section: str, key: str) -> None:
    rule = rules(section)[key]
    assert rule.allows(defaults(section)[key])
    assert rule.doc


@pytest.mark.parametrize(("section", "key"), EVERY_KEY)
def test_the_file_tells_every_range_and_choice(section: str, key: str) -> None:
    rule = rules(section)[key]
    text = CONFIG_FILE.read_text(encoding="utf-8")
    comment = text[: text.index(f"\n{key} = ")].rpartition("\n\n")[2]
    told = [f'"{choice}"' for choice in rule.choices]
    told += [f"{bound:.10g}" for bound in (rule.low, rule.high, rule.special) if bound is not None]
    assert [word for word in told if word not in comment] == []
