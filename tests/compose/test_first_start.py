"""Keys are made once, for their readers only; the two databases are closed to each other."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import psycopg2
import pytest
from amazon_eboekhouden.ledger.database import connect, upgrade
from cryptography.fernet import Fernet
from sqlalchemy import text

SCRIPT = Path(__file__).parents[2] / "deploy/first_start.py"
GROUPS = ("postgres", "redis", "control", "workers", "ledger", "login")


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("first_start", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


first_start = _load()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    for group in GROUPS:
        (tmp_path / group).mkdir()
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_all_keys_are_made_once(keys: Path) -> None:
    made = first_start.make_keys(keys, {})
    before = contents(keys)
    assert len(before) == len(made) == 12
    assert first_start.make_keys(keys, {}) == []
    assert contents(keys) == before


def test_no_two_installations_share_a_key(tmp_path: Path) -> None:
    both = []
    for name in ("a", "b"):
        for group in GROUPS:
            (tmp_path / name / group).mkdir(parents=True)
        first_start.make_keys(tmp_path / name, {})
        both.append(contents(tmp_path / name))
    assert [name for name in both[0] if both[0][name] == both[1][name]] == []


def test_keys_are_strong_and_of_the_right_kind(keys: Path) -> None:
    first_start.make_keys(keys, {})
    Fernet((keys / "control/fernet_key").read_text())
    assert len((keys / "control/jwt_secret").read_text()) >= 64
    password = (keys / "redis/password").read_text()
    assert len(password) >= 32
    assert f"requirepass {password}\n" in (keys / "redis/redis.conf").read_text()
    for name, number in (("broker_url", "0"), ("result_backend", "1")):
        assert (keys / "workers" / name).read_text() == f"redis://:{password}@redis:6379/{number}"


def test_only_the_database_and_the_queue_share_their_keys_with_a_group(keys: Path) -> None:
    first_start.make_keys(keys, {})
    for path in (p for p in keys.rglob("*") if p.is_file()):
        rights = stat.S_IMODE(path.stat().st_mode)
        shared = path.parent.name in {"postgres", "redis"}
        assert rights & (0o037 if shared else 0o077) == 0, path


def test_a_key_that_was_brought_is_kept(keys: Path) -> None:
    (keys / "control/fernet_key").write_text("from the old installation")
    (keys / "redis/password").write_text("brought")
    first_start.make_keys(keys, {})
    assert (keys / "control/fernet_key").read_text() == "from the old installation"
    assert (keys / "workers/broker_url").read_text() == "redis://:brought@redis:6379/0"


def test_a_start_that_was_cut_short_is_finished(keys: Path) -> None:
    first_start.make_keys(keys, {})
    before = contents(keys)
    (keys / "workers/broker_url").unlink()
    (keys / "control/.jwt_secret.new").write_text("half")
    (keys / "control/jwt_secret").unlink()
    first_start.make_keys(keys, {})
    after = contents(keys)
    assert after["workers/broker_url"] == before["workers/broker_url"]
    assert after["control/jwt_secret"] not in {b"half", before["control/jwt_secret"]}


def test_every_user_gets_a_password_and_keeps_it(keys: Path) -> None:
    users = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"
    first_start.make_keys(keys, {})
    first = json.loads((keys / "login/passwords.json").read_text())
    assert set(first) == {"admin"}
    made = first_start.make_keys(keys, {users: "admin:admin, boekhouder:viewer"})
    second = json.loads((keys / "login/passwords.json").read_text())
    assert made == ["login/passwords.json (boekhouder)"]
    assert second["admin"] == first["admin"] != second["boekhouder"]


def test_what_it_prints_holds_no_secret(keys: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "keys"],
        env={**os.environ, "KEYS": str(keys)},
        capture_output=True,
        text=True,
        check=True,
    )
    for name, content in contents(keys).items():
        for word in content.decode(errors="replace").split():
            secret = urlsplit(word).password or word
            assert len(secret) < 20 or secret not in done.stdout + done.stderr, name


def test_another_word_is_refused() -> None:
    assert first_start.main(["key"]) == 2


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that goes, also when the test is skipped or PostgreSQL does not start."""
    with tempfile.TemporaryDirectory(prefix="first-start-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[tuple[Path, int]]:
    """A PostgreSQL of its own on loopback, with the superuser's password of a set of keys."""
    programs = _programs()
    home.chmod(0o755)
    keys = home / "keys"
    for group in GROUPS:
        (keys / group).mkdir(parents=True)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    first_start.make_keys(keys, {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(port)})
    data = home / "data"
    password = home / "password"
    shutil.copy(keys / "postgres/superuser_password", password)
    owner = _not_root(home, password)

    def run(program: str, *words: str) -> None:
        command = [*owner, str(programs / program), *words]
        subprocess.run(command, check=True, capture_output=True)

    run("initdb", "-D", str(data), "-U", "postgres", f"--pwfile={password}", "-A", "scram-sha-256")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home}"
    run("pg_ctl", "-D", str(data), "-o", options, "-l", str(home / "log"), "-w", "start")
    try:
        yield keys, port
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _programs() -> Path:
    """Where PostgreSQL's programs are; the test is skipped where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    return found[-1].parent if found else Path(str(on_path)).parent


def _not_root(home: Path, password: Path) -> list[str]:
    """How to run as somebody other than root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return []
    try:
        postgres = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL refuses root, and there is no user postgres to run it as")
    for path in (home, password):
        os.chown(path, postgres.pw_uid, postgres.pw_gid)
    # It lies where only root's path leads.
    runuser = shutil.which("runuser", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if runuser is None:
        pytest.skip("PostgreSQL refuses root, and there is no runuser to become postgres with")
    return [runuser, "-u", "postgres", "--"]


def enter(server: tuple[Path, int], user: str, database: str) -> None:
    keys, port = server
    passwords = {
        "airflow": urlsplit((keys / "control/sql_alchemy_conn").read_text()).password,
        "ledger": (keys / "ledger/pgpass").read_text().strip().rsplit(":", 1)[1],
    }
    psycopg2.connect(
        host="127.0.0.1", port=port, user=user, password=passwords[user], dbname=database
    ).close()


@pytest.fixture(scope="module")
def environment(server: tuple[Path, int]) -> dict[str, str]:
    keys, port = server
    own = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW__DATABASE__")}
    return own | {
        "KEYS": str(keys),
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": str(port),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": f"cat {keys}/control/sql_alchemy_conn",
        "AMAZON_EBOEKHOUDEN_LEDGER_URL": f"postgresql+psycopg2://ledger@127.0.0.1:{port}/ledger",
        "PGPASSFILE": str(keys / "ledger/pgpass"),
    }


def documented(program: str) -> list[str]:
    """The options of a program as docs/running-with-docker.md gives them, without the host."""
    page = (SCRIPT.parents[1] / "docs/running-with-docker.md").read_text(encoding="utf-8")
    found = re.search(rf"{program} --host=127\.0\.0\.1 ([^']+)'", page)
    assert found, program
    return found[1].split()


def as_superuser(server: tuple[Path, int], program: str, data: bytes = b"") -> bytes:
    keys, port = server
    password = (keys / "postgres/superuser_password").read_text()
    done = subprocess.run(
        [str(_programs() / program), "--host=127.0.0.1", f"--port={port}", *documented(program)],
        input=data,
        env={"PGPASSWORD": password, "PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def tables(server: tuple[Path, int], database: str) -> set[str]:
    keys, port = server
    with closing(
        psycopg2.connect(
            host="127.0.0.1",
            port=port,
            user="postgres",
            password=(keys / "postgres/superuser_password").read_text(),
            dbname=database,
        )
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row[0] for row in cursor.fetchall()}


def test_two_databases_with_their_schemas(
    server: tuple[Path, int], environment: dict[str, str]
) -> None:
    for expected in ("airflow, ledger", "none"):
        done = subprocess.run(
            [sys.executable, str(SCRIPT), "databases"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert f"databases made: {expected}" in done.stdout
    in_airflow, in_ledger = tables(server, "airflow"), tables(server, "ledger")
    assert "dag_run" in in_airflow
    assert in_ledger
    # Nothing of the one stands in the other.
    assert in_airflow & in_ledger <= {"alembic_version"}


def test_a_user_enters_its_own_database_only(
    server: tuple[Path, int], environment: dict[str, str]
) -> None:
    first_start.make_databases(server[0], environment)
    enter(server, "airflow", "airflow")
    enter(server, "ledger", "ledger")
    for user, database in (("airflow", "ledger"), ("ledger", "airflow")):
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            enter(server, user, database)


def test_a_changed_key_becomes_the_password(
    server: tuple[Path, int], environment: dict[str, str]
) -> None:
    keys, _ = server
    first_start.make_databases(keys, environment)
    path = keys / "ledger/pgpass"
    old = path.read_text()
    path.chmod(0o600)
    path.write_text(old.rsplit(":", 1)[0] + ":rotated\n")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        enter(server, "ledger", "ledger")
    first_start.make_databases(keys, environment)
    enter(server, "ledger", "ledger")


def test_the_documented_backup_brings_the_ledger_back(
    server: tuple[Path, int], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first_start.make_databases(server[0], environment)
    monkeypatch.setenv("PGPASSFILE", environment["PGPASSFILE"])
    engine = connect(environment["AMAZON_EBOEKHOUDEN_LEDGER_URL"])
    upgrade(engine)
    before = tables(server, "ledger")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE witness AS SELECT 42 AS answer"))
    backup = as_superuser(server, "pg_dump")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE witness"))
    engine.dispose()
    as_superuser(server, "pg_restore", backup)
    assert tables(server, "ledger") == before | {"witness"}
    # Still the ledger's own, not the superuser's.
    with engine.begin() as connection:
        assert connection.execute(text("SELECT answer FROM witness")).scalar_one() == 42
        connection.execute(text("DROP TABLE witness"))
    engine.dispose()
