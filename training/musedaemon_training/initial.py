"""The net a run starts from: a new one, or the weights of another model (`--init`)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from musedaemon_training import checkpoint
from musedaemon_training.model import NoteNet, Sizes

SHIPPED = "default"
MODEL_SUFFIX = ".onnx"


def starting_net(init: str, sizes: Sizes) -> NoteNet:
    """A new net of these sizes when `init` is empty, else the net that it names, of that net's own size.

    `init` is a checkpoint's folder, a model file, or `default`, the model that ships. Raises TrainingError
    or ModelError when there is no such model.
    """
    if not init:
        return NoteNet(sizes)
    known = _net_of(init)
    net = NoteNet(Sizes(known.sizes.hidden, known.sizes.layers, sizes.dropout))
    net.load_state_dict(known.state_dict())
    return net


def _net_of(init: str) -> NoteNet:
    path = Path(init).expanduser()
    if init != SHIPPED and path.suffix != MODEL_SUFFIX:
        return checkpoint.load(path).net()
    # Only here: training from nothing needs neither onnx nor onnxruntime.
    from musedaemon_export.weights import net_of_file

    if init != SHIPPED:
        return net_of_file(path)
    with resources.as_file(resources.files("musedaemon") / "assets" / "default.onnx") as shipped:
        return net_of_file(shipped)
