"""rtmidi's ports where there is no JACK server, and where one dies under them: in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.jack_server import JackServer
from support.own_python import run_python

pytestmark = pytest.mark.jack

LIST_PORTS = """
import time
from musedaemon.errors import PortError
from musedaemon.midi.rtmidi_ports import open_port_system
for api in ("jack", "no such"):
    try:
        open_port_system(api, time.monotonic)
    except PortError as error:
        print(error)
"""


def test_without_a_server_there_is_one_sentence_and_no_noise(jack_server: JackServer) -> None:
    environment = os.environ | {"JACK_DEFAULT_SERVER": "musetest-nobody"}
    run = subprocess.run(
        [sys.executable, "-c", LIST_PORTS], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert run.stderr == ""
    jack_says, other_says = run.stdout.splitlines()
    assert jack_says.startswith("JACK does not answer (JACK server not running); start JACK")
    assert other_says.startswith('This machine has no MIDI system "no such"; choose one of auto, ')


OUTLIVE_A_SERVER = """
import sys, time
from musedaemon.errors import PortError
from musedaemon.midi.rtmidi_ports import open_port_system
from support.jack_server import running_server

with running_server(sys.argv[1]):
    system = open_port_system("jack", time.monotonic)
    ports = output, listener = system.open_virtual_output("out"), system.open_virtual_input("in", lambda data, at: None)
    output.send(bytes((0x90, 60, 100)))
output.send(bytes((0x80, 60, 64)))
for attempt in (system.input_names, lambda: output.send(bytes((0x80, 60, 64)))):
    try:
        attempt()
    except PortError as error:
        print(error)
for port in ports:
    port.close()
with running_server(sys.argv[1]):
    again = system.open_virtual_output("out")
    print(system.input_names())
    again.close()
    again = system.open_virtual_output("out")
again.close()
print("whole")
"""


def test_a_server_that_dies_takes_its_ports_along_and_not_the_process(jack_server: JackServer) -> None:
    """In a process of its own: libjack crashes when a client is closed after it has found out about the server."""
    run = run_python(OUTLIVE_A_SERVER, f"{jack_server.name}-mortal")
    told = run.stdout.splitlines()
    assert run.returncode == 0, run.stderr
    assert told[0].startswith("JACK does not answer")
    assert told[1:] == ['The MIDI port "out" is closed; open it again.', "['out:out']", "whole"]
