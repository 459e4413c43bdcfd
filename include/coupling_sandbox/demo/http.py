"""JSON over loopback, and the few calls of Airflow's REST API that the demo makes."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

POLL_S = 0.3


class RunFailed(RuntimeError):
    """A DAG run did not succeed."""


def ask(method: str, url: str, body: Any = None, token: str = "") -> Any:
    """Send JSON, return JSON (None for an empty answer)."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - loopback only
        content = answer.read()
    return json.loads(content) if content else None


class Airflow:
    """A running Airflow without login on loopback."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._token = str(ask("GET", f"{url}/auth/token")["access_token"])

    def unpause(self, dag_id: str) -> None:
        """Let a DAG run."""
        self._api("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run by hand; returns its id."""
        run = self._api("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
        return str(run["dag_run_id"])

    def wait(self, dag_id: str, run_id: str, within_s: float) -> None:
        """Wait for the end of a run.

        Raises:
            RunFailed: it failed, or did not end in time.
        """
        deadline = time.monotonic() + within_s
        while True:
            state = self._api("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
            if state == "success":
                return
            if state == "failed" or time.monotonic() > deadline:
                where = f"{self.url}/dags/{dag_id}/runs/{run_id}"
                raise RunFailed(f"{dag_id} is {state} after its time; look at {where}")
            time.sleep(POLL_S)

    def runs(self, dag_id: str) -> list[str]:
        """Ids of all runs of a DAG."""
        answer = self._api("GET", f"/dags/{dag_id}/dagRuns?limit=100")
        return [str(run["dag_run_id"]) for run in answer["dag_runs"]]

    def wait_known(self, dag_ids: list[str], within_s: float) -> None:
        """Wait until the DAG files have been read.

        Raises:
            RunFailed: they were not read in time.
        """
        deadline = time.monotonic() + within_s
        while True:
            known = {dag["dag_id"] for dag in self._api("GET", "/dags?limit=100")["dags"]}
            if set(dag_ids) <= known:
                return
            if time.monotonic() > deadline:
                raise RunFailed(f"Airflow does not know {sorted(set(dag_ids) - known)}")
            time.sleep(POLL_S)

    def _api(self, method: str, path: str, body: Any = None) -> Any:
        return ask(method, f"{self.url}/api/v2{path}", body, self._token)
