"""docker-compose.yaml keeps its rules, and each of the rules can fail."""

from __future__ import annotations

import copy
import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.compose import rules
from tests.compose.rules import COMPOSE, Compose, Rule, load, resolved
from tests.distributed.services import PRELOADED


def sabotage(service: str, **changes: Any) -> Callable[[Compose], None]:
    """Set keys of a service; None removes one."""

    def change(compose: Compose) -> None:
        for name, value in changes.items():
            if value is None:
                del compose["services"][service][name]
            else:
                compose["services"][service][name] = value

    return change


def variable(service: str, name: str, value: str) -> Callable[[Compose], None]:
    return lambda compose: compose["services"][service]["environment"].update({name: value})


def mount(service: str, text: str) -> Callable[[Compose], None]:
    return lambda compose: compose["services"][service]["volumes"].append(text)


def open_network(compose: Compose) -> None:
    compose["networks"]["inside"] = {}


def first_mount_writable(compose: Compose) -> None:
    volumes = compose["services"]["worker"]["volumes"]
    volumes[:] = [v.removesuffix(":ro") for v in volumes]


SABOTAGE: dict[Rule, list[Callable[[Compose], None]]] = {
    rules.image_and_build_are_pinned: [
        sabotage("postgres", image="postgres"),
        sabotage("redis", image="redis:latest"),
        sabotage("worker", build={"args": {"AIRFLOW_IMAGE": "apache/airflow:latest-python3.11"}}),
    ],
    rules.nobody_is_root: [
        sabotage("redis", user=None),
        sabotage("worker", user="0:0"),
        sabotage("keys", user="root"),
    ],
    rules.file_systems_are_read_only: [
        sabotage("worker", read_only=False),
        sabotage("scheduler", tmpfs=[]),
    ],
    rules.capabilities_are_dropped: [
        sabotage("postgres", cap_drop=None),
        sabotage("postgres", cap_add=["CHOWN"]),
        sabotage("worker", privileged=True),
    ],
    rules.no_new_privileges: [sabotage("redis", security_opt=None)],
    rules.limits_are_set: [
        sabotage("worker", mem_limit=None),
        sabotage("redis", cpus=None),
        sabotage("sandbox", pids_limit=None),
    ],
    rules.health_is_checked: [
        sabotage("triggerer", healthcheck=None),
        sabotage("postgres", healthcheck={"disable": True}),
        sabotage("keys", restart="always"),
        sabotage("worker", restart="no"),
    ],
    rules.waiting_is_for_health: [
        sabotage("worker", depends_on={"redis": {"condition": "service_started"}}),
        sabotage("postgres", depends_on={"keys": {"condition": "service_started"}}),
    ],
    rules.secrets_are_files: [
        variable("postgres", "POSTGRES_PASSWORD", "airflow"),
        variable("worker", "AIRFLOW__CELERY__BROKER_URL", "redis://redis/0"),
        variable("worker", "AIRFLOW_CONN_BOOKS", "{}"),
        variable(
            "worker", "AMAZON_EBOEKHOUDEN_LEDGER_URL", "postgresql://ledger:x@postgres/ledger"
        ),
        sabotage("redis", command=["redis-server", "--requirepass", "x"]),
        sabotage("worker", env_file=".env"),
    ],
    rules.keys_named_are_mounted: [
        sabotage("redis", volumes=[]),
        variable("triggerer", "X_CMD", "cat /opt/keys/workers/broker_url"),
    ],
    rules.keys_reach_only_their_readers: [
        mount("worker", "keys-control:/opt/keys/control:ro"),
        mount("triggerer", "keys-postgres:/opt/keys/postgres:ro"),
        first_mount_writable,
    ],
    rules.only_the_ui_is_published: [
        sabotage("postgres", ports=["127.0.0.1:5432:5432"]),
        sabotage("api-server", ports=["8080:8080"]),
        sabotage("api-server", ports=["0.0.0.0:8080:8080"]),
        sabotage("worker", network_mode="host"),
        sabotage("sandbox", network_mode="host"),
        sabotage("scheduler", network_mode="service:worker"),
    ],
    rules.databases_are_inside: [
        open_network,
        sabotage("redis", networks=["inside", "nowhere"]),
        sabotage("scheduler", networks=["inside", "outside"]),
        sabotage("triggerer", networks=None),
        sabotage("sandbox", network_mode=None),
    ],
    rules.nobody_is_admin_unasked: [
        variable("api-server", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    ],
    rules.little_of_the_host_is_mounted: [
        mount("worker", "/var/run/docker.sock:/var/run/docker.sock:ro"),
        mount("worker", "./couplings:/opt/airflow/couplings"),
        mount("worker", "forgotten:/opt/airflow/forgotten"),
    ],
    rules.workers_can_be_many: [sabotage("worker", container_name="worker")],
    rules.the_ledger_is_apart: [
        variable(
            "worker", "AMAZON_EBOEKHOUDEN_LEDGER_URL", "postgresql://airflow@postgres/airflow"
        ),
        variable("worker", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD", "cat /opt/keys/control/x"),
    ],
    rules.the_engine_is_celery: [variable("scheduler", "AIRFLOW__CORE__EXECUTOR", "LocalExecutor")],
}
CASES = [(rule, change) for rule, changes in SABOTAGE.items() for change in changes]


@pytest.mark.parametrize("rule", SABOTAGE, ids=lambda rule: rule.__name__)
def test_the_file_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(load(COMPOSE))) == []


@pytest.mark.parametrize("rule", SABOTAGE, ids=lambda rule: rule.__name__)
def test_what_docker_compose_makes_of_the_file_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(resolved())) == []


@pytest.mark.parametrize(
    ("rule", "change"), CASES, ids=[f"{r.__name__}-{n}" for n, (r, _) in enumerate(CASES)]
)
def test_a_sabotaged_copy_breaks_the_rule(rule: Rule, change: Callable[[Compose], None]) -> None:
    compose = copy.deepcopy(load(COMPOSE))
    change(compose)
    assert list(rule(compose)) != []


def test_workers_import_once_what_every_task_needs() -> None:
    settings = rules.variables(load(COMPOSE)["services"]["worker"])
    modules = json.loads(settings["AIRFLOW__CELERY__EXTRA_CELERY_CONFIG"])["imports"]
    assert tuple(modules) == PRELOADED
    for name in modules:
        assert importlib.util.find_spec(name), name


def test_every_rule_has_a_sabotage() -> None:
    of_a_rule = {"compose": "Compose", "return": "Iterator[str]"}
    found = [r for r in vars(rules).values() if getattr(r, "__annotations__", None) == of_a_rule]
    assert set(found) == set(SABOTAGE)


def test_docker_compose_refuses_a_broken_copy(tmp_path: Path) -> None:
    tool = shutil.which("docker-compose")
    if tool is None:
        pytest.skip("docker-compose is not installed (apt-get install docker-compose)")
    broken = tmp_path / "docker-compose.yaml"
    broken.write_text(COMPOSE.read_text().replace("healthcheck:", "health-check:", 1))
    command = [tool, "-f", str(broken), "config"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode != 0
