"""onnxruntime would tell its maker of every session, and keep a database for it: with us it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOADS = "from musedaemon.model.onnx_model import load_default; load_default()"
EXPORTS = "import musedaemon_export.quantising"


@pytest.mark.parametrize("program", [LOADS, EXPORTS])
def test_nothing_is_kept_for_its_maker(program: str, tmp_path: Path) -> None:
    names = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA")
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    environment |= dict.fromkeys(names, str(tmp_path))
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert [path.name for path in tmp_path.rglob("*onnxruntime*")] == []
