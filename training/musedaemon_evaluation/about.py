"""What a model says of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from musedaemon_evaluation.predicting import is_model_file, load_model_file
from musedaemon_training import checkpoint
from musedaemon_training.model import parameter_count


@dataclass(frozen=True, slots=True)
class About:
    """Facts for the report and the card; texts are empty where the model does not tell."""

    layers: int
    hidden: int
    parameters: int
    precision: str
    encoding_version: int
    recipe: str = ""
    corpus: str = ""
    licence: str = ""
    notice: str = ""
    created: str = ""

    def as_json(self) -> dict[str, str | int]:
        """As JSON values."""
        return asdict(self)


def about(model: str) -> About:
    """Of a checkpoint folder, a model file, or the shipped model. Raises MusedaemonError where it is none."""
    if is_model_file(model):
        card = load_model_file(model).card
        return About(
            card.layers,
            card.hidden,
            card.parameters,
            card.precision,
            card.encoding_version,
            card.recipe,
            card.corpus,
            card.licence,
            card.notice,
            card.created,
        )
    kept = checkpoint.load(Path(model).expanduser())
    sizes = kept.config.sizes
    parameters = parameter_count(kept.net())
    return About(
        sizes.layers, sizes.hidden, parameters, "fp32", kept.config.encoding_version, recipe=kept.config.recipe
    )
