"""Somebody is told: of a task that failed, of a coupling that fell silent, of what is new to do."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import BaseNotifier
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.ledger.decisions import Choice
from amazon_eboekhouden.pipelines import settlements
from amazon_eboekhouden.provider import alerts, steps, watch_steps

from tests.dags.loaded import dag_of
from tests.dags.test_orders_dag import add_broken_coupling
from tests.pipelines.conftest import World
from tests.pipelines.test_orders import FROM, TO

REPOSITORY = Path(__file__).parents[2]
HEARD: list[tuple[str, str]] = []

pytestmark = pytest.mark.filterwarnings("ignore")


class Recorder(BaseNotifier):
    """A notifier as another provider brings one."""

    template_fields = ("subject", "text")

    def __init__(self, subject: str, text: str = "{{ alert_text }}", **more: Any) -> None:
        super().__init__(**more)
        self.subject, self.text = subject, text

    def notify(self, context: Any) -> None:
        HEARD.append((self.subject, self.text))


class Broken(Recorder):
    def notify(self, context: Any) -> None:
        raise OSError("the mail server is away")


@pytest.fixture(autouse=True)
def _silence_before() -> None:
    HEARD.clear()


def choose(monkeypatch: pytest.MonkeyPatch, notifier: type[BaseNotifier]) -> None:
    wanted = {
        "notifier": f"{notifier.__module__}.{notifier.__qualname__}",
        "arguments": {"subject": "{{ alert_subject }}"},
    }
    monkeypatch.setenv(f"AIRFLOW_VAR_{alerts.VARIABLE.upper()}", json.dumps(wanted))


# --- failures -------------------------------------------------------------------------------------
def test_a_task_that_failed_is_told_once_with_its_coupling(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.seed(seed=31, orders=5, **{"from": FROM, "to": TO})
    add_broken_coupling(world, monkeypatch)
    choose(monkeypatch, Recorder)
    run = dag_of("amazon_orders").test(run_conf={"from": FROM, "to": TO})
    assert str(run.state) == "failed"
    assert len(HEARD) == 1
    subject, text = HEARD[0]
    assert subject == "amazon_orders: coupling_orders.load (broken) is mislukt"
    assert "wis de taak" in text


def test_nobody_is_told_unless_somebody_was_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alerts.tell({}, "onderwerp", "tekst") is False
    assert HEARD == []


def test_a_notifier_that_does_not_work_costs_the_message_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, Broken)
    assert alerts.tell({}, "onderwerp", "tekst") is False
    monkeypatch.setenv(f"AIRFLOW_VAR_{alerts.VARIABLE.upper()}", '{"notifier": "os.system"}')
    assert alerts.tell({}, "onderwerp", "tekst") is False


def test_every_task_of_every_dag_tells_when_it_fails() -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    silent = [
        f"{dag.dag_id}.{task.task_id}"
        for dag in DagBag(str(REPOSITORY / "dags")).dags.values()
        for task in dag.tasks
        if alerts.failed not in list(_callbacks(task))
    ]
    assert silent == []


def _callbacks(task: Any) -> Iterator[Any]:
    found = getattr(task, "on_failure_callback", None) or ()
    yield from found if isinstance(found, (list, tuple)) else [found]


# --- silence and what is new to do ----------------------------------------------------------------
def watch() -> Any:
    return dag_of("amazon_couplings_watch").test(logical_date=datetime.now(UTC))


def test_a_coupling_that_fell_silent_turns_red_and_is_told_once_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, Recorder)
    for silent_for, told in ((26.5, 1), (3.5, 0), (2.5, 1), (1, 0)):
        HEARD.clear()
        with world.ledger() as ledger:
            ledger.set_watermark("demo", datetime.now(UTC) - timedelta(hours=silent_for))
        run = watch()
        assert str(run.state) == ("success" if silent_for <= 2 else "failed"), silent_for
        assert ["niets opgehaald" in subject for subject, _ in HEARD] == [True] * told, silent_for


def test_a_preview_and_what_was_just_activated_again_are_not_silent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview moves no watermark; after a stop the next run has yet to catch up."""
    choose(monkeypatch, Recorder)
    monkeypatch.setattr(watch_steps, "get_current_context", dict)
    monkeypatch.setattr(watch_steps.steps, "get_current_context", dict)
    with world.ledger() as ledger:
        ledger.set_watermark("demo", datetime.now(UTC) - timedelta(days=9))
    with pytest.raises(alerts.Told):
        watch_steps.watch_coupling("demo")
    file = world.home / "couplings" / "demo.yaml"
    live = file.read_text()
    file.write_text(live.replace("mode: live", "mode: preview"))
    watch_steps.watch_coupling("demo")
    file.write_text(live)
    with world.ledger() as ledger:
        ledger.decisions.record("coupling:demo", Choice.ACTIVATE, who="anna", why="weer open")
    watch_steps.watch_coupling("demo")


def test_a_coupling_whose_settlements_cannot_be_listed_is_told_while_the_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(runtime: Any) -> list[str]:
        if runtime.settings.name == "broken":
            return [{}["a program that is wrong"]]
        return ["77"]

    choose(monkeypatch, Recorder)
    add_broken_coupling(world, monkeypatch)
    monkeypatch.setattr(settlements, "find", find)
    monkeypatch.setattr(steps, "get_current_context", dict)
    [started] = steps.find_settlements()
    assert started["conf"] == {"coupling": "demo", "settlement_id": "77"}
    assert [subject for subject, _ in HEARD] == ["broken: de afrekeningen zijn niet opgehaald"]


def test_what_is_new_on_the_list_is_told_by_reason_and_only_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, Recorder)
    found = [
        Problem("vies-unanswered", f"order {n}", "of Anna de Vries", "mail anna@example.nl", str(n))
        for n in range(3)
    ]
    with world.ledger() as ledger:
        ledger.set_watermark("demo", datetime.now(UTC))
        ledger.record_order_problems("demo", found, considered=set())
    monkeypatch.setattr(watch_steps, "get_current_context", dict)
    monkeypatch.setattr(watch_steps.steps, "get_current_context", dict)
    assert watch_steps.watch_coupling("demo") == {"new": 3, "listed": 3}
    [(subject, text)] = HEARD
    assert subject == "demo: 3 nieuw op de lijst Wacht op u"
    assert "3x " in text
    assert "Anna" not in text
    hour = datetime.now(UTC) + timedelta(hours=1)
    later = {"data_interval_start": hour, "data_interval_end": hour + timedelta(hours=1)}
    monkeypatch.setattr(watch_steps, "get_current_context", lambda: later)
    assert watch_steps.watch_coupling("demo") == {"new": 0, "listed": 3}
    assert len(HEARD) == 1


# --- mail, to a real server -----------------------------------------------------------------------
class Postman(socketserver.StreamRequestHandler):
    """As much of SMTP as a letter needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                letter = b""
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    letter += part
                self.server.letters.append(letter.decode())  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 yes\r\n")
            if word == b"QUIT":
                return


def test_a_letter_is_sent_through_the_mail_connection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as server:
        server.letters = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mail = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": server.server_address[1],
            "extra": {"disable_tls": True, "disable_ssl": True, "from_email": "airflow@example.nl"},
        }
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(mail))
        wanted = {"arguments": {"to": "boekhouding@example.nl"}}
        monkeypatch.setenv(f"AIRFLOW_VAR_{alerts.VARIABLE.upper()}", json.dumps(wanted))
        assert alerts.tell({}, "winkel: 1 nieuw op de lijst", "1x <b>bedrag</b>") is True
        server.shutdown()
    [letter] = server.letters  # type: ignore[attr-defined]
    assert "To: boekhouding@example.nl" in letter
    assert "Subject: winkel: 1 nieuw op de lijst" in letter
    assert "<b>bedrag" not in letter
