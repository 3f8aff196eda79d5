"""From a checkpoint to a model file: graphs, quantisation, verification, the card."""

import musedaemon  # noqa: F401 - before onnxruntime, which it keeps from telling its maker
