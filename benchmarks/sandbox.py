"""Both sandboxes in a process of their own, and the environment of a coupling that calls them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from amazon_eboekhouden.config.couplings import SHIPPED

from benchmarks.running import ROOT, TIME_LIMIT_S


@dataclass
class Sandbox:
    """Addresses, and the variables that point a coupling at them."""

    amazon: str
    books: str
    public: str
    variables: dict[str, str]

    def control(self, service: str, verb: str, body: Any = None) -> Any:
        address = f"{getattr(self, service)}/control/{verb}"
        answer = httpx.post(address, json=body, timeout=600)
        if answer.status_code >= 300:
            raise RuntimeError(f"{verb}: {answer.text[:200]}")
        return answer.json() if answer.content else None

    def calls(self, service: str) -> dict[str, int]:
        """Calls by operation since the reset, refused ones under `refused:`."""
        told = httpx.get(f"{getattr(self, service)}/control/calls", timeout=600).json()
        return {**told["calls"], **{f"refused:{k}": v for k, v in told["refused"].items()}}

    def command(self, *arguments: str) -> tuple[dict[str, Any], float]:
        """The product's command line: its report (the last line of --json), and its seconds."""
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "amazon_eboekhouden.cli", *arguments, "--json"],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "include"), **self.variables},
            timeout=TIME_LIMIT_S,
            cwd=ROOT,
            check=False,
        )
        seconds = time.perf_counter() - start
        if done.returncode not in (0, 1):
            raise RuntimeError((done.stderr or done.stdout)[-300:])
        report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return report, seconds

    def service_time(self, service: str, seconds: float) -> None:
        """Every call waits this long before it is answered, until the next reset."""
        slow = {"operation": "*", "kind": "slow", "seconds": seconds, "times": 10**9}
        self.control(service, "faults", [slow])

    def no_limits(self) -> None:
        """Buckets that never run dry, at rates (560 pages/s) that ours takes for real."""
        self.control("amazon", "options", {"rate_scale": 1e5})


@contextmanager
def sandboxes() -> Iterator[Sandbox]:
    """The three sandboxes on free ports; gone at the end."""
    ports = [f"--{name}-port=0" for name in ("amazon", "eboekhouden", "public")]
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "coupling_sandbox", *ports],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "include")},
    )
    try:
        assert process.stdout is not None
        found = dict(
            re.match(r"READY (\w+) (\S+)", process.stdout.readline()).groups()  # type: ignore[union-attr]
            for _ in ports
        )
        with tempfile.TemporaryDirectory() as home:
            yield Sandbox(
                found["amazon"],
                found["eboekhouden"],
                found["public"],
                _variables(Path(home), found),
            )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:  # Writes a report to its end; what failed is told first.
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _variables(home: Path, found: dict[str, str]) -> dict[str, str]:
    folder = home / "couplings"
    folder.mkdir()
    demo = (SHIPPED / "demo.yaml").read_text()
    (folder / "demo.yaml").write_text(demo.replace("http://127.0.0.1:8103", found["public"]))
    amazon = {
        "conn_type": "amazon_selling_partner",
        "login": "sandbox-client",
        "password": "sandbox-secret",
        "host": found["amazon"],
        "extra": {"refresh_token_secret": "Atzr|sandbox", "seller_id": "A3SANDBOXSELLER"},
    }
    books = {
        "conn_type": "eboekhouden",
        "login": "sandbox",
        "password": "0123456789abcdef0123456789abcdef",
        "host": f"{found['eboekhouden']}/soap.asmx",
        "extra": {"security_code_2_secret": "{A1B2C3D4-0000-4000-8000-000000000001}"},
    }
    return {
        "XDG_STATE_HOME": str(home / "state"),
        "AMAZON_EBOEKHOUDEN_COUPLINGS": str(folder),
        "AIRFLOW_CONN_AMAZON_DEMO": json.dumps(amazon),
        "AIRFLOW_CONN_EBOEKHOUDEN_DEMO": json.dumps(books),
    }


def since(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    """The calls that were made between two answers of `Sandbox.calls`."""
    return {name: n - before.get(name, 0) for name, n in now.items() if n - before.get(name, 0)}


@contextmanager
def runtime() -> Iterator[Any]:
    """The coupling `demo`, plugged in as its command line does it."""
    from amazon_eboekhouden.cli import _connection
    from amazon_eboekhouden.config.environment import environment_of
    from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

    environment = environment_of(os.environ)
    yield Runtime(read_settings(environment, "demo"), environment, _connection, preview=False)
