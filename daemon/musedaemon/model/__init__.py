"""The model at run time: what it is (protocol, state, card) and how onnxruntime runs it."""
