"""``python -m coupling_sandbox``: all sandboxes, in the foreground, on loopback."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from coupling_sandbox.clock import Clock
from coupling_sandbox.server import RemoteHostRefused, Served, serve

PORTS = {"amazon": 8101, "eboekhouden": 8102, "public": 8103}


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the sandboxes until SIGTERM or Ctrl-C; 2 when the address can't be used."""
    parser = argparse.ArgumentParser(prog="coupling_sandbox", description=__doc__)
    for name, port in PORTS.items():
        parser.add_argument(f"--{name}-port", type=int, default=port, help="0 = any free port")
    parser.add_argument("--only", action="append", choices=list(PORTS), help="may be repeated")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--allow-remote", action="store_true", help="listen beyond loopback")
    given = parser.parse_args(argv)
    served = []
    for name in given.only or PORTS:
        app = import_module(f"coupling_sandbox.{name}.app").create_app(clock=Clock())
        served.append(Served(name, app, getattr(given, f"{name}_port")))
    try:
        serve(served, given.host, given.allow_remote)
    except (RemoteHostRefused, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
