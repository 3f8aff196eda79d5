"""The net a run starts from: a new one, or the weights of another model (`--init`)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from musedaemon.errors import TrainingError
from musedaemon_training import checkpoint
from musedaemon_training.model import NoteNet, Sizes

DEFAULT_HIDDEN, DEFAULT_LAYERS = 256, 2
SHIPPED = "default"
MODEL_SUFFIX = ".onnx"


def starting_net(init: str, hidden: int | None = None, layers: int | None = None) -> NoteNet:
    """A new net of these sizes (the default ones for None) when `init` is empty, else the net that it names.

    `init` is a checkpoint's folder, a model file, or `default`, the model that ships. Raises TrainingError
    or ModelError when there is no such model, or when it is of another size than asked for.
    """
    if not init:
        return NoteNet(Sizes(hidden or DEFAULT_HIDDEN, layers or DEFAULT_LAYERS))
    known = _net_of(init)
    sizes = Sizes(known.sizes.hidden, known.sizes.layers)
    if (hidden or sizes.hidden, layers or sizes.layers) != (sizes.hidden, sizes.layers):
        raise TrainingError(
            f"The model {init} is {sizes.layers}x{sizes.hidden} and keeps its size; leave out --hidden and --layers."
        )
    net = NoteNet(sizes)
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
