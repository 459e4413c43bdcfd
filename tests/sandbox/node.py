"""Clients that are not Python: packages of npm, installed for a test and driven over loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def modules_of(package: str, folder: Path) -> Path:
    """Install a package of npm; a machine without npm, or without its registry, skips the test.

    Args:
        package: with its version.
        folder: empty.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", package]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not answer within two minutes")
    if done.returncode:
        pytest.skip(f"npm could not install {package}: {done.stderr.decode()[-200:]}")
    return folder / "node_modules"


def run_script(script: Path, modules: Path, *arguments: str) -> Any:
    """What a script prints, as JSON."""
    done = subprocess.run(
        [str(shutil.which("node")), str(script), *arguments],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)
