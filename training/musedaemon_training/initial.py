"""The net a run starts from: a new one, or the weights of another model (`--init`)."""

from __future__ import annotations

from pathlib import Path

from musedaemon_training import checkpoint
from musedaemon_training.model import NoteNet, Sizes

SHIPPED = "default"


def starting_net(init: str, sizes: Sizes) -> NoteNet:
    """A new net of these sizes when `init` is empty, else the net that it names, of that net's own size.

    Raises TrainingError or ModelError when `init` names no model.
    """
    if not init:
        return NoteNet(sizes)
    kept = checkpoint.load(Path(init).expanduser())
    net = NoteNet(Sizes(kept.config.sizes.hidden, kept.config.sizes.layers, sizes.dropout))
    net.load_state_dict(kept.weights)
    return net
