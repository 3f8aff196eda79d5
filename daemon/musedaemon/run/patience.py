"""Whether a session waits for ports that are not there when it starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import Enum

from musedaemon.config.schema import Config


class Patience(Enum):
    """What becomes of a session whose port is not there when it starts."""

    WAITS = "waits for it"
    ENDS = "ends with one sentence"


def patience(config: Config, environment: Mapping[str, str] = os.environ) -> Patience:
    """As `wait_for_ports` says; on its own a service waits, for nobody is there to start it again."""
    chosen = config.ports.wait_for_ports
    waits = chosen == "on" or (chosen == "auto" and is_service(environment))
    return Patience.WAITS if waits else Patience.ENDS


def is_service(environment: Mapping[str, str]) -> bool:
    """Whether this process was started by systemd (its own variables, not those a terminal inherits) or launchd."""
    by_systemd = "NOTIFY_SOCKET" in environment or environment.get("SYSTEMD_EXEC_PID") == str(os.getpid())
    return by_systemd or (sys.platform == "darwin" and os.getppid() == 1)
