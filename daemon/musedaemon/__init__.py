"""musedaemon: a MIDI improvisation partner that listens note by note and answers in time."""

import os

__version__ = "0.1.0"

# From version 1.32 on onnxruntime tells its maker of every use, over the network, and keeps a database for that in the
# user's cache. It looks at this as it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
