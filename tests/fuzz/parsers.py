"""Bytes of a coverage-guided fuzzer into the parsers of what comes in: not a test, run by hand.

    pip install atheris && python tests/fuzz/parsers.py -max_total_time=60

Stops at the first input that raises, or that gives what is no whole message; it leaves that in a file of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

sys.path.insert(0, str(Path(__file__).parents[2] / "daemon"))
with atheris.instrument_imports():
    from musedaemon.midi import wire
    from musedaemon.midi.byte_stream import LONGEST_SYSEX, ByteStream
    from musedaemon.midi.shedding import Gate, may_be_shed


def one_input(data: bytes) -> None:
    """The bytes in packets: each begins with its length."""
    stream, shed = ByteStream(), list[bytes]()
    gate = Gate(8, 16, lambda: shed.append(b""))
    waiting = 0
    while data:
        length, data = data[0] % 32, data[1:]
        packet, data = data[:length], data[length:]
        for message in stream.messages(packet):
            event = wire.decode(message, 0.0)
            if event is None:
                raise AssertionError(f"no whole message: {message.hex()}")
            if wire.decode(wire.encode(event), 0.0) != event:
                raise AssertionError(f"not the same again: {message.hex()}")
            may_be_shed(message)
            waiting += gate.admits(event, waiting)
    if len(stream._underway) > LONGEST_SYSEX or waiting > 16 + 2_048:
        raise AssertionError("something grows without bound")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
