"""Drives real Airflow runs, strikes at the points that are still wanted, and compares the books."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from coupling_sandbox.demo.http import Airflow, ask

from tests.kills.points import both
from tests.kills.stack import Stack
from tests.pipelines.soak import books_of, twice

Runs = list[tuple[str, str]]
# How long a process that outlived its supervisor or scheduler stays held, in turn: it goes on
# before Airflow has noticed anything, or wakes up when its replacement already works.
LATE_S = (0.0, 30.0)
# Nobody is killed: the task is cleared, the same window is booked from the shell, or a backfill of
# two runs over it is made, while the process is held.
DISTURBED = ("clear", "overlap", "backfill")


@dataclass
class Figures:
    """What was done and what came of it."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    also: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0
    not_reached: int = 0
    seconds: float = 0.0
    posting_lines: int = 0
    wrong: list[str] = field(default_factory=list)


class Campaign:
    """One campaign on one stack.

    Args:
        stack: running.
        plan: victims still to be killed, per point.
        window: first and last moment of the orders' last changes, ISO 8601.
        say: told of each kill.
        disturbances: what is done beside the kills, per point.
        minutes: after which nobody is killed any more.
    """

    def __init__(
        self,
        stack: Stack,
        plan: dict[str, list[str]],
        window: tuple[str, str],
        say: Callable[[str], None],
        *,
        disturbances: dict[str, list[str]] | None = None,
        minutes: float = 600,
    ) -> None:
        self.stack = stack
        self.left = {point: list(victims) for point, victims in plan.items() if victims}
        self.window = window
        self.say = say
        self._until = time.monotonic() + 60 * minutes
        self.figures = Figures()
        self._struck: list[str] = []
        self._turn = 0
        self._orphans: set[int] = set()
        self._airflow: Airflow | None = None
        self._disturbances = disturbances or {}
        self._orders_run = ""
        self._conf: dict[str, str] = {}
        self._added: Runs = []
        self._shells: list[subprocess.Popen[bytes]] = []

    # --- the work --------------------------------------------------------------------------------

    def undisturbed(self) -> Counter[str]:
        """The same seller, by one run from the shell into books of its own."""
        start, end = self.window
        for words in (["orders", "--from", start, "--to", end], ["settlements"]):
            said = self._cli(words, self.stack.apart)
            if said["problems"]:
                self.figures.wrong.append(f"undisturbed {words[0]}: {said['problems'][:3]}")
        return books_of(self._journal(self.stack.other_books))

    def run(self) -> Figures:
        """Orders, settlements, and both once more; then the books are compared."""
        began = time.monotonic()
        right = self.undisturbed()
        self.stack.start()
        airflow = self.airflow
        dags = ["amazon_orders", "amazon_settlements", "amazon_reconciliation"]
        airflow.wait_known(dags, within_s=240)
        # It would only read the same files again; a busy machine has better things to do.
        self.stack.components["dag_processor"].terminate()
        for dag_id in dags:
            airflow.unpause(dag_id)
        first, last = self._halves()
        self._drive([("amazon_orders", self._trigger_orders(first))])
        self.left = both(self.left, self._disturbances)
        self._drive([("amazon_orders", self._trigger_orders(last))])
        self._drive([("amazon_settlements", airflow.trigger("amazon_settlements", {}))])
        runs = self.airflow.runs("amazon_reconciliation")
        self._drive([("amazon_reconciliation", run_id) for run_id in runs])
        self._finish(right)
        self.figures.seconds = time.monotonic() - began
        return self.figures

    def _halves(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Most of the time for the kills, the rest for what ends a run early."""
        start, end = map(datetime.fromisoformat, self.window)
        middle = (start + (end - start) * 0.8).isoformat()
        return (self.window[0], middle), (middle, self.window[1])

    def _trigger_orders(self, window: tuple[str, str]) -> str:
        self._conf = dict(zip(("from", "to"), window, strict=True))
        self._orders_run = self.airflow.trigger("amazon_orders", self._conf)
        return self._orders_run

    @property
    def airflow(self) -> Airflow:
        """Airflow's API; a new login when it was restarted."""
        if self._airflow is None:
            self._airflow = Airflow(self.stack.addresses.airflow)
        return self._airflow

    def _finish(self, right: Counter[str]) -> None:
        figures, wrong = self.figures, self.figures.wrong
        for shell in self._shells:
            shell.wait()
        # A last healthy run settles what an orphan left; the one after it must write nothing.
        for _ in range(3):
            said = [self._cli(words, self.stack.environment) for words in self._all()]
            if all(one["retry_after_utc"] is None for one in said):
                break
            time.sleep(2)
        before = self._calls()
        said = [self._cli(words, self.stack.environment) for words in self._all()]
        wrong += [f"{one['problems'][:3]}" for one in said if one["problems"]]
        if self._calls() != before:
            wrong.append("a run after everything was booked wrote again")
        journal = self._journal(self.stack.addresses.books)
        figures.posting_lines = len(journal)
        if found := twice(journal):
            wrong.append(f"booked twice: {found}")
        books = books_of(journal)
        if books != right:
            wrong.append(
                f"books differ: {(right - books).total()} lines missing, "
                f"{(books - right).total()} too many"
            )
        figures.not_reached = sum(map(len, self.left.values()))
        figures.overlaps = self._overlaps()

    def _all(self) -> list[list[str]]:
        return [["orders", "--from", self.window[0], "--to", self.window[1]], ["settlements"]]

    # --- driving ---------------------------------------------------------------------------------

    def _drive(self, runs: Runs) -> None:
        """Until these runs have succeeded, strike whoever is held."""
        self._offer()
        waiting, quiet_since = list(runs), time.monotonic()
        while waiting:
            if self._strike_held():
                quiet_since = time.monotonic()
            if time.monotonic() - quiet_since > 600:
                raise TimeoutError(f"{waiting} did not go on; see {self.stack.home}")
            time.sleep(0.1)
            waiting += self._added
            self._added.clear()
            waiting = [run for run in waiting if not self._done(*run)]
        (self.stack.door / "wanted").unlink(missing_ok=True)
        time.sleep(0.3)
        while self._strike_held():
            pass
        (self.stack.door / "wanted").unlink(missing_ok=True)

    def _done(self, dag_id: str, run_id: str) -> bool:
        try:
            state = self.airflow._api("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
        except urllib.error.HTTPError as error:
            if error.code in (401, 403):
                self._airflow = None
            return False
        except OSError:
            return False
        if state == "failed":
            raise RuntimeError(f"{dag_id} {run_id} failed; see {self.stack.home}")
        return bool(state == "success")

    def _offer(self) -> None:
        door = self.stack.door
        points = sorted(self.left) if time.monotonic() < self._until else []
        wanted = {"points": points, "spared": self._struck}
        draft = door / "wanted.draft"
        draft.write_text(json.dumps(wanted))
        draft.rename(door / "wanted")

    def _strike_held(self) -> bool:
        path = self.stack.door / "held"
        if not path.exists():
            return False
        held = json.loads(path.read_text())
        path.unlink()
        for taken in self.stack.door.glob("taken-*"):
            taken.unlink()
        victim = self._choose(held)
        if victim is None:
            self._release(held)
        else:
            self.say(f"{held['point']:>14} {victim:>10}  {held['op_key'].partition(':')[2][:48]}")
            if victim in DISTURBED:
                self.figures.also[victim] += 1
            else:
                self.figures.kills[victim, held["point"]] += 1
            if held["op_key"]:
                self._struck.append(held["op_key"])
            getattr(self, f"_kill_{victim}")(held)
        self._offer()
        return True

    def _choose(self, held: dict[str, Any]) -> str | None:
        """Whose turn it is at this point; None when none of them has this process."""
        victims = self.left[held["point"]]
        orphaned = not self.stack.owns(held["ppid"])
        for victim in victims:
            if victim == "supervisor" and orphaned:
                continue
            victims.remove(victim)
            if not victims:
                del self.left[held["point"]]
            return victim
        return None

    def _release(self, held: dict[str, Any]) -> None:
        (self.stack.door / f"release-{held['pid']}").touch()

    # --- the victims -----------------------------------------------------------------------------

    def _kill_task(self, held: dict[str, Any]) -> None:
        os.kill(held["pid"], signal.SIGKILL)

    def _kill_supervisor(self, held: dict[str, Any]) -> None:
        os.kill(held["ppid"], signal.SIGKILL)
        self._let_go(held)

    def _kill_scheduler(self, held: dict[str, Any]) -> None:
        self._kill_and_start("scheduler")
        self._let_go(held)

    def _kill_worker(self, held: dict[str, Any]) -> None:
        self._kill_and_start("worker")
        self._let_go(held)

    def _kill_api_server(self, held: dict[str, Any]) -> None:
        self._kill_and_start("api_server")
        self._let_go(held)

    def _kill_database(self, held: dict[str, Any]) -> None:
        assert self.stack.database is not None
        self.stack.database.kill()
        self._turn += 1
        if self._turn % 2:  # It finds no database, or one that has lost its session.
            self._release(held)
            time.sleep(1.0)
        self.stack.database.start()
        self._release(held)

    def _kill_clear(self, held: dict[str, Any]) -> None:
        what = {"dry_run": False, "only_failed": False, "dag_run_id": self._orders_run}
        what["task_ids"] = ["coupling_orders.load"]
        self._post("/dags/amazon_orders/clearTaskInstances", what)
        self._added.append(("amazon_orders", self._orders_run))
        self._release(held)

    def _kill_overlap(self, held: dict[str, Any]) -> None:
        words = ["orders", "--from", self._conf["from"], "--to", self._conf["to"]]
        command = [sys.executable, "-m", "amazon_eboekhouden.cli", *words]
        environment = {**self.stack.environment, "PYTHONPATH": self.stack.apart["PYTHONPATH"]}
        known = subprocess.DEVNULL
        shell = subprocess.Popen(command, env=environment, stdout=known, stderr=known)
        self._shells.append(shell)
        self._turn += 1
        if self._turn % 2:
            shell.wait()
        self._release(held)

    def _kill_backfill(self, held: dict[str, Any]) -> None:
        day = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
        what = {
            "dag_id": "amazon_orders",
            "from_date": day.isoformat(),
            "to_date": (day + timedelta(hours=2)).isoformat(),
            "dag_run_conf": self._conf,
            "reprocess_behavior": "completed",
            "max_active_runs": 2,
        }
        self._post("/backfills", what)
        runs = [name for name in self.airflow.runs("amazon_orders") if name != self._orders_run]
        self._added += [("amazon_orders", run_id) for run_id in runs]
        self._let_go(held)

    def _post(self, path: str, body: dict[str, Any]) -> None:
        """One order to Airflow; a busy one says 503 and is asked again."""
        until = time.monotonic() + 120
        while True:
            try:
                self.airflow._api("POST", path, body)
            except urllib.error.HTTPError as error:
                if error.code < 500 or time.monotonic() > until:
                    raise
                time.sleep(1)
            else:
                return

    def _kill_and_start(self, name: str) -> None:
        self._bury()
        self._orphans |= _descendants(self.stack.components[name].pid)
        self.stack.kill_component(name)
        self.stack.start_component(name)

    def _let_go(self, held: dict[str, Any]) -> None:
        """Let an orphan go on: at once, or when its replacement has come to the ledger."""
        self._turn += 1
        patience = LATE_S[self._turn % 2]
        until = time.monotonic() + patience
        known = len(self._entries())
        while time.monotonic() < until and len(self._entries()) == known:
            time.sleep(0.1)
        self._release(held)

    def _bury(self) -> None:
        """End what lives on of an earlier scheduler or worker and has no task any more."""
        for pid in list(self._orphans):
            if not self.stack.owns(pid):
                self._orphans.discard(pid)
            elif not _descendants(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self._orphans.discard(pid)

    # --- looking ---------------------------------------------------------------------------------

    def _entries(self) -> list[dict[str, Any]]:
        path = self.stack.door / "ledger.log"
        if not path.exists():
            return []
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return [line for line in lines if line["what"] == "in"]

    def _overlaps(self) -> int:
        """How often a process came to the ledger while another living one was in it."""
        return sum(entry["others"] > 0 for entry in self._entries())

    def _cli(self, words: list[str], environment: dict[str, str]) -> dict[str, Any]:
        command = [sys.executable, "-m", "amazon_eboekhouden.cli", *words, "--json"]
        # Nobody is held here: the last runs only look.
        quiet = {**environment, "PYTHONPATH": self.stack.apart["PYTHONPATH"]}
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if not done.stdout.strip():
            raise RuntimeError(done.stderr[-2000:])
        said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return said

    def _journal(self, books: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = ask("GET", f"{books}/control/journal")
        return found

    def _calls(self) -> dict[str, int]:
        counted = ask("GET", f"{self.stack.addresses.books}/control/calls")["calls"]
        return {name: n for name, n in counted.items() if name.startswith("Add")}


def _descendants(pid: int) -> set[int]:
    found: set[int] = set()
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                for child in file.read().split():
                    found |= {int(child)} | _descendants(int(child))
    return found
