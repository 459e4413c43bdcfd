"""`sandbox`: the stand-ins for both services, started as the program of their own that they are."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Any

PORTS = {"amazon_port": 8101, "eboekhouden_port": 8102, "public_port": 8103}


def add_sandbox(commands: Any) -> None:
    """Add the command to argparse's subparsers; it takes no coupling."""
    text = "Run the sandboxes of both services in the foreground."
    sub = commands.add_parser("sandbox", help=text, description=text)
    for name, port in PORTS.items():
        sub.add_argument(f"--{name.replace('_', '-')}", type=int, default=port, metavar="PORT")
    # Every command takes these; here they change nothing.
    sub.add_argument("--coupling", default="demo", metavar="NAME", help=argparse.SUPPRESS)
    sub.add_argument("--preview", action="store_true", help=argparse.SUPPRESS)
    sub.add_argument("--json", action="store_true", help=argparse.SUPPRESS)


def run_sandbox(options: argparse.Namespace) -> int:
    """Run them until they end or Ctrl-C, and return their exit status."""
    command = [sys.executable, "-m", "coupling_sandbox"]
    for name in PORTS:
        command += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    try:
        return subprocess.call(command)  # noqa: S603 - fixed words and three numbers
    except KeyboardInterrupt:
        return 0
