from __future__ import annotations

import json

import pytest

from musedaemon.errors import ModelError
from musedaemon.model.card import ModelCard, card_from_json

CARD = ModelCard(
    1, 256, 2, 1_862_146, "int8", "songs", "Apache-2.0", "notice", {"sum": 5.1}, "train", "2026-01-01", "0.1.0"
)


def test_a_card_comes_back_from_its_text() -> None:
    assert card_from_json(CARD.to_json()) == CARD


def test_keys_of_later_versions_are_passed_over() -> None:
    later = {**json.loads(CARD.to_json()), "colour": "blue"}
    assert card_from_json(json.dumps(later)) == CARD


def test_a_card_is_named_by_size_and_precision() -> None:
    assert str(CARD) == "2x256 int8"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "its card is not JSON"),
        ("[]", "its card is not a JSON object"),
        ('{"encoding_version": "1"}', "its card gives no whole number for encoding_version"),
        ('{"encoding_version": 1, "hidden": 2, "layers": 1, "parameters": 9}', "its card gives no precision"),
    ],
)
def test_what_is_no_card_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        card_from_json(text)
