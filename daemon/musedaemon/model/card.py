"""The model card: what a model file says of itself, one JSON object in its metadata
(docs/model-format.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from musedaemon.errors import ModelError

CARD_KEY = "musedaemon.card"


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
    except ValueError as error:
        raise ModelError("its card is not JSON") from error
    if not isinstance(values, dict):
        raise ModelError("its card is not a JSON object")
    known: dict[str, Any] = {f.name: values[f.name] for f in fields(ModelCard) if f.name in values}
    for name in ("encoding_version", "hidden", "layers", "parameters"):
        if not isinstance(known.get(name), int):
            raise ModelError(f"its card gives no whole number for {name}")
    if not isinstance(known.get("precision"), str):
        raise ModelError("its card gives no precision")
    return ModelCard(**known)
