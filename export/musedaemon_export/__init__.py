"""From a checkpoint to a model file: graphs, quantisation, verification, the card."""
