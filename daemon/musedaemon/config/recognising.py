"""Whether a config.toml is musedaemon's: other programs call theirs so too, and one may lie in any folder."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping

from musedaemon.config.schema import SECTIONS, rules
from musedaemon.config.spelling import did_you_mean

_OWN_SECTION = re.compile(rf"^\s*\[\s*({'|'.join(SECTIONS)})\s*\]", re.MULTILINE)
_HALF = 0.5


def looks_foreign(data: bytes) -> bool:
    """Whether a file of these bytes is another program's: less than half of what it sets could be meant for us.

    Misspelt words count as meant. What cannot be read as TOML is ours if it has the name of one of our sections.
    """
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _OWN_SECTION.search(data.decode("latin-1")) is None
    meant = list(_meant(document))
    return bool(meant) and sum(meant) < _HALF * len(meant)


def _meant(document: Mapping[str, object]) -> Iterator[bool]:
    """For each key that is set, whether it may be meant for us."""
    for name, content in document.items():
        if not isinstance(content, Mapping):
            yield name in SECTIONS or any(name in rules(section) for section in SECTIONS)
        elif not content:
            yield name in SECTIONS
        else:
            known = list(rules(name)) if name in SECTIONS else _all_keys() if did_you_mean(name, SECTIONS) else []
            for key in content:
                yield key in known or bool(did_you_mean(key, known))


def _all_keys() -> list[str]:
    return [key for section in SECTIONS for key in rules(section)]
