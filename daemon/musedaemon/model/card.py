"""The model card: what a model file says of itself, one JSON object in its metadata
(docs/model-format.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from musedaemon.errors import ModelError

CARD_KEY = "musedaemon.card"
PRECISIONS = ("fp32", "int8")
MOST_LAYERS, MOST_HIDDEN = 64, 65_536
"""Far beyond what could answer in time; the state of such a net still fits anywhere."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Where a model comes from and what it is. `scores` are bits a note by field, `created` is a date as
    YYYY-MM-DD."""

    encoding_version: int
    hidden: int
    layers: int
    parameters: int
    precision: str
    corpus: str = ""
    licence: str = ""
    notice: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    recipe: str = ""
    created: str = ""
    musedaemon_version: str = ""

    def __str__(self) -> str:
        return f"{self.layers}x{self.hidden} {self.precision}"

    def to_json(self) -> str:
        """The card as it stands in the metadata."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def card_from_json(text: str) -> ModelCard:
    """Read a card; keys of later versions are passed over. Raises ModelError where it is none."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError("its card is not JSON") from error
    if not isinstance(values, dict):
        raise ModelError("its card is not a JSON object")
    known: dict[str, Any] = {f.name: values[f.name] for f in fields(ModelCard) if f.name in values}
    for name in ("encoding_version", "hidden", "layers", "parameters"):
        if type(known.get(name)) is not int or not 0 <= known[name] < 10**12:
            raise ModelError(f"its card gives no whole number for {name}")
    if known.get("precision") not in PRECISIONS:
        raise ModelError("its card gives no precision")
    for name in ("corpus", "licence", "notice", "recipe", "created", "musedaemon_version"):
        if not isinstance(known.get(name, ""), str):
            raise ModelError(f"its card gives no text for {name}")
    if not _are_scores(known.get("scores", {})):
        raise ModelError("its card gives scores that are no numbers")
    if not (0 < known["layers"] <= MOST_LAYERS and 0 < known["hidden"] <= MOST_HIDDEN):
        raise ModelError("its card tells of a net of an impossible size")
    return ModelCard(**known)


def _are_scores(scores: object) -> bool:
    return isinstance(scores, dict) and all(type(bits) in (int, float) for bits in scores.values())
