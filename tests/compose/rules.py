"""The rules that docker-compose.yaml is held to. Each yields a sentence per fault it finds."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
COMPOSE = REPOSITORY / "docker-compose.yaml"
Compose = dict[str, Any]
Rule = Callable[[Compose], Iterator[str]]

ONE_SHOTS = {"keys", "database-setup"}
STORES = {"postgres", "redis"}
OUTSIDE = {"api-server", "worker"}  # the published port, and the calls to the two services
UI = "api-server"
# Who may read which keys; `keys` itself makes all of them.
READERS = {
    "keys-postgres": {"postgres", "database-setup"},
    "keys-redis": {"redis"},
    "keys-control": {
        "database-setup",
        "api-server",
        "scheduler",
        "dag-processor",
        "triggerer",
    },
    "keys-workers": {"api-server", "scheduler", "worker"},
    "keys-ledger": {"database-setup", "api-server", "worker"},
    "keys-login": {"api-server"},
}
# Airflow opens the passwords file for writing, whoever logs in.
WRITERS = {("keys-login", "api-server")}
FROM_THE_HOST = {"/opt/airflow/couplings"}
# The stand-ins answer on the loopback of the worker that asks them, and nowhere else.
NETWORK_OF_ANOTHER = {("sandbox", "service:worker")}
SECRET_NAME = re.compile(r"PASS|SECRET|KEY|TOKEN|FERNET|SQL_ALCHEMY_CONN|BROKER_URL|RESULT_BACKEND")
SECRET_VALUE = re.compile(r"://[^/@\s]*:[^/@\s]+@")


def load(path: Path) -> Compose:
    """The file as Compose sees it when no variable is set: `${NAME:-default}` is its default."""
    text = re.sub(r"(?<!\$)\$\{\w+:-([^}]*)\}", r"\1", path.read_text(encoding="utf-8"))
    loaded: Compose = yaml.safe_load(text)
    return loaded


@functools.cache
def resolved() -> Compose:
    """The file as Debian's docker-compose 1.29 reads it."""
    tool = shutil.which("docker-compose")
    if tool is None:
        pytest.skip("docker-compose is not installed (apt-get install docker-compose)")
    done = subprocess.run(
        [tool, "-f", str(COMPOSE), "--profile", "sandbox", "config"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(Path(tool).parent)},
    )
    assert done.returncode == 0, done.stderr
    loaded: Compose = yaml.safe_load(done.stdout)
    return loaded


def each(compose: Compose) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from compose["services"].items()


def variables(service: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in (service.get("environment") or {}).items()}


def mounts(service: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Source, target and whether it is read-only."""
    for mount in service.get("volumes", []):
        source, target, *mode = mount.split(":")
        yield source, target, mode == ["ro"]


def image_and_build_are_pinned(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        tags = [service.get("image", "")]
        if "build" in service:
            tags.append(service["build"]["args"]["AIRFLOW_IMAGE"])
        for tag in tags:
            if not re.search(r":\d+\.\d+(\.\d+)?(-[\w.]+)?$|@sha256:[0-9a-f]{64}$", tag):
                yield f"{name}: image {tag!r} is not pinned to a full version or a digest"


def nobody_is_root(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        if not re.fullmatch(r"[1-9]\d*:\d+", str(service.get("user", ""))):
            yield f"{name}: user {service.get('user')!r} is not a number other than 0"


def file_systems_are_read_only(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        if service.get("read_only") is not True:
            yield f"{name}: its file system can be written to"
        if not any(str(t).startswith("/tmp") for t in service.get("tmpfs", [])):  # noqa: S108
            yield f"{name}: no /tmp in memory"


def capabilities_are_dropped(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        if service.get("cap_drop") != ["ALL"] or service.get("cap_add"):
            yield f"{name}: keeps capabilities"
        if service.get("privileged"):
            yield f"{name}: privileged"


def no_new_privileges(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        if service.get("security_opt") != ["no-new-privileges:true"]:
            yield f"{name}: may gain privileges"


def limits_are_set(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        missing = {"mem_limit", "cpus", "pids_limit"} - set(service)
        if missing:
            yield f"{name}: without {sorted(missing)}"


def health_is_checked(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        check = service.get("healthcheck") or {}
        if name in ONE_SHOTS:
            if service.get("restart") != "no":
                yield f"{name}: a one-shot must not be restarted"
        elif (
            not check.get("test") or check.get("disable") or service.get("restart") in (None, "no")
        ):
            yield f"{name}: no health check, or not restarted"


def waiting_is_for_health(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        for other, how in dict(service.get("depends_on") or {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOTS else "service_healthy"
            if (how or {}).get("condition") != wanted:
                yield f"{name}: does not wait until {other} is ready"


def secrets_are_files(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        if service.get("env_file"):
            yield f"{name}: takes variables from a file"
        for variable, value in variables(service).items():
            if variable.startswith("AIRFLOW_CONN_"):
                yield f"{name}: {variable} is a connection with its secrets"
            if SECRET_VALUE.search(value):
                yield f"{name}: {variable} holds a password"
            from_file = re.fullmatch(r"(cat )?/opt/keys/[\w/.]+", value)
            if SECRET_NAME.search(variable) and not from_file:
                yield f"{name}: {variable} is not read from a file"
        for part in ("command", "entrypoint"):
            words = str(service.get(part))
            if SECRET_VALUE.search(words) or "pass" in words:
                yield f"{name}: a secret in its {part}"


def keys_named_are_mounted(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        mounted = {target.removeprefix("/opt/keys/") for _, target, _ in mounts(service)}
        words = f"{variables(service)} {service.get('command')} {service.get('healthcheck')}"
        for folder in set(re.findall(r"/opt/keys/([a-z]+)", words)):
            if folder not in mounted:
                yield f"{name}: needs keys of {folder} and can't read them"


def keys_reach_only_their_readers(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        for source, target, read_only in mounts(service):
            if not source.startswith("keys-") or name == "keys":
                continue
            if name not in READERS[source] or target != f"/opt/keys/{source[5:]}":
                yield f"{name}: has no business with {source}"
            if not read_only and (source, name) not in WRITERS:
                yield f"{name}: could change {source}"


def only_the_ui_is_published(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        for port in service.get("ports", []):
            if name != UI or not str(port).startswith("127.0.0.1:"):
                yield f"{name}: publishes {port}"
        for way in ("network_mode", "pid", "ipc", "userns_mode", "devices", "extra_hosts", "links"):
            if service.get(way) and (name, service[way]) not in NETWORK_OF_ANOTHER:
                yield f"{name}: shares {way} with the host"


def databases_are_inside(compose: Compose) -> Iterator[str]:
    networks = compose["networks"]
    for name, service in each(compose):
        if (name, service.get("network_mode")) in NETWORK_OF_ANOTHER:
            continue
        open_ones = [n for n in service.get("networks", []) if not networks[n].get("internal")]
        if not service.get("networks") or (open_ones and name not in OUTSIDE):
            yield f"{name}: reaches the outside through {open_ones or 'the default network'}"
    for store in STORES:
        if list(compose["services"][store]["networks"]) != ["inside"]:
            yield f"{store}: is on another network than the one inside"


def nobody_is_admin_unasked(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        if "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS" in variables(service):
            yield f"{name}: everybody is admin"


def little_of_the_host_is_mounted(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        for source, target, read_only in mounts(service):
            of_the_host = "/" in source
            if of_the_host and (target not in FROM_THE_HOST or not read_only):
                yield f"{name}: mounts {source} of the host"
            if not of_the_host and source not in compose["volumes"]:
                yield f"{name}: volume {source} is not declared"


def workers_can_be_many(compose: Compose) -> Iterator[str]:
    worker = compose["services"]["worker"]
    for word in ("container_name", "hostname", "ports"):
        if word in worker:
            yield f"worker: {word} can be used by one only"


def the_ledger_is_apart(compose: Compose) -> Iterator[str]:
    for name, service in each(compose):
        url = variables(service).get("AMAZON_EBOEKHOUDEN_LEDGER_URL")
        if url and not url.endswith("//ledger@postgres/ledger"):
            yield f"{name}: the ledger is not in its own database with its own user"
    reads_airflow = variables(compose["services"]["worker"])
    if any("SQL_ALCHEMY_CONN" in variable for variable in reads_airflow):
        yield "worker: has a way into Airflow's database"


def the_engine_is_celery(compose: Compose) -> Iterator[str]:
    for name in ("api-server", "scheduler", "dag-processor", "triggerer", "worker"):
        if variables(compose["services"][name]).get("AIRFLOW__CORE__EXECUTOR") != "CeleryExecutor":
            yield f"{name}: not on Celery"
