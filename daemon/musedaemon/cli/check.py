"""`musedaemon check`: a line for each part, and whether one can play."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from musedaemon.cli.plain import plain
from musedaemon.config.schema import Config
from musedaemon.midi.ports import PortSystem
from musedaemon.run.check import Finding, Health, check
from musedaemon.run.clock import SessionClock

BROKEN_STATUS = 2


def print_check(config: Config, settings_from: str) -> int:
    """Print each finding as it is made; returns 0 if one can play, else 2. Never raises.

    `settings_from` is the file of these settings, empty for none.
    """

    def open_system(api: str, clock: SessionClock) -> PortSystem:
        """Loads the MIDI library only now: where it cannot be loaded, that is a finding too."""
        from musedaemon.run.opening import open_ports

        return open_ports(replace(config, ports=replace(config.ports, api=api)), clock)

    told = [Finding(Health.OK, "settings", f"from {settings_from}")] if settings_from else []
    return print_findings(chain(told, check(config, open_system)))


def print_findings(findings: Iterable[Finding]) -> int:
    """A line each, then what they come to; the exit status."""
    seen = set()
    for finding in findings:
        print(plain(f"{finding.health.value:7}{finding.part:10}{finding.told}"), flush=True)
        seen.add(finding.health)
    if Health.BROKEN in seen:
        print("Not ready: mend what is broken, then check again.")
        return BROKEN_STATUS
    print("Ready to play, but see the warnings." if Health.WARNING in seen else "Ready to play.")
    return 0
