"""Training of musedaemon's note model: corpus, shards, batches, model, loop, checkpoints."""
