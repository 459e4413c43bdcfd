"""Prepares a distributed set-up: its keys, its two databases, their newest schemas.

    python first_start.py keys        makes every key that is missing; changes none that is there
    python first_start.py databases   roles and databases, Airflow's schema, the booking ledger's

Both may run at every start: a second run changes nothing. Keys live in folders, one for each group
of services that may read them, below the folder that `KEYS` names (default /opt/keys). To bring a
key of your own, put it in its file before the first start.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password

DATABASES = ("airflow", "ledger")  # each with an owner of the same name, and closed to the other
OURS = 0o400  # read by the process that made it
GROUP = 0o440  # read by PostgreSQL and Redis too, which are other users of the same group


def make_keys(folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Make the files that are missing.

    Args:
        folder: holds one folder per group of readers.
        environment: `DATABASE_HOST`, `DATABASE_PORT`, `BROKER_HOST`, `BROKER_PORT` (where other
            than in the Compose file), the users of the pages, the place of the install key.

    Returns:
        The files made now, relative to `folder`. No secret is ever returned or printed.
    """
    database = _address(environment, "DATABASE", "postgres", 5432)
    broker = _address(environment, "BROKER", "redis", 6379)
    made: list[str] = []

    def make(name: str, mode: int, content: Callable[[], str]) -> None:
        if _write_once(folder / name, content, mode):
            made.append(name)

    make("postgres/superuser_password", GROUP, _password)
    make(
        "control/sql_alchemy_conn",
        OURS,
        lambda: f"postgresql+psycopg2://airflow:{_password()}@{database}/airflow",
    )
    make("ledger/pgpass", OURS, lambda: f"{database}:ledger:ledger:{_password()}\n")
    make("redis/password", GROUP, _password)
    queue_password = (folder / "redis/password").read_text()
    make("redis/redis.conf", GROUP, lambda: _redis_conf(queue_password))
    make("workers/broker_url", OURS, lambda: f"redis://:{queue_password}@{broker}/0")
    make("workers/result_backend", OURS, lambda: f"redis://:{queue_password}@{broker}/1")
    make("workers/api_secret_key", OURS, _password)
    make("control/fernet_key", OURS, _fernet_key)
    make("control/jwt_secret", OURS, lambda: secrets.token_urlsafe(64))
    made += _make_logins(
        folder, environment.get("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "admin:admin")
    )
    made += _make_install_key(folder, environment)
    return made


def make_databases(folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Make roles and databases that are missing, and set the roles' passwords to the files'.

    Returns:
        The databases made now.
    """
    passwords = {
        "airflow": urlsplit((folder / "control/sql_alchemy_conn").read_text()).password or "",
        "ledger": (folder / "ledger/pgpass").read_text().strip().rsplit(":", 1)[1],
    }
    opened = psycopg2.connect(
        host=environment.get("DATABASE_HOST", "postgres"),
        port=environment.get("DATABASE_PORT", "5432"),
        user="postgres",
        password=(folder / "postgres/superuser_password").read_text(),
        dbname="postgres",
    )
    with closing(opened) as server:
        server.autocommit = True  # CREATE DATABASE can't run in a transaction
        for name in DATABASES:
            _make_role(server, name, passwords[name])
        return [name for name in DATABASES if _make_database(server, name)]


def migrate(environment: Mapping[str, str]) -> None:
    """Bring Airflow's database and the booking ledger to the newest schema."""
    # Imported here: making keys needs neither, and it starts in a fraction of a second.
    from amazon_eboekhouden.ledger.database import connect, upgrade

    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True)
    engine = connect(environment["AMAZON_EBOEKHOUDEN_LEDGER_URL"])
    upgrade(engine)
    engine.dispose()


def _write_once(path: Path, content: Callable[[], str], mode: int) -> bool:
    if path.exists():
        return False
    _write(path, content(), mode)
    return True


def _write(path: Path, content: str, mode: int) -> None:
    """Write a file that appears whole or not at all."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
        os.fchmod(descriptor, mode)
    draft.replace(path)


def _make_logins(folder: Path, users: str) -> list[str]:
    """A password for every user of the pages who has none, so that Airflow prints none."""
    path = folder / "login/passwords.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    names = [user.split(":")[0].strip() for user in users.split(",")]
    missing = [name for name in names if name and name not in known]
    if missing:
        _write(path, json.dumps(known | {name: _password() for name in missing}), 0o600)
    return [f"login/passwords.json ({name})" for name in missing]


def _make_install_key(folder: Path, environment: Mapping[str, str]) -> list[str]:
    from amazon_eboekhouden.adapters.install_key import load_or_create

    path = Path(environment.get("AMAZON_EBOEKHOUDEN_KEY_FILE") or folder / "ledger/install.key")
    existed = path.exists()
    load_or_create(path)
    return [] if existed else [f"ledger/{path.name}"]


def _make_role(server: Connection, name: str, password: str) -> None:
    with server.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
        verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
        # Hashed here, so that the server's log can never show it.
        hashed = encrypt_password(password, name, server, "scram-sha-256")
        cursor.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                verb, sql.Identifier(name), sql.Literal(hashed)
            )
        )


def _make_database(server: Connection, name: str) -> bool:
    with server.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        missing = cursor.fetchone() is None
        database = sql.Identifier(name)
        if missing:
            cursor.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(database))
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    return missing


def _address(environment: Mapping[str, str], what: str, host: str, port: int) -> str:
    return f"{environment.get(f'{what}_HOST', host)}:{environment.get(f'{what}_PORT', port)}"


def _password() -> str:
    return secrets.token_urlsafe(32)  # letters, digits, - and _: safe in URLs and in pgpass


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _redis_conf(password: str) -> str:
    return (
        f"requirepass {password}\n"
        "dir /data\n"
        "appendonly yes\n"
        "maxmemory 192mb\n"
        "maxmemory-policy noeviction\n"  # a full queue refuses; it never drops a task
    )


def main(arguments: Sequence[str]) -> int:
    """Run one of the two steps; 2 for any other word."""
    folder = Path(os.environ.get("KEYS", "/opt/keys"))
    if list(arguments) == ["keys"]:
        _say("keys made", make_keys(folder, os.environ))
        return 0
    if list(arguments) == ["databases"]:
        _say("databases made", make_databases(folder, os.environ))
        migrate(os.environ)
        return 0
    sys.stderr.write(f"{__doc__}\n")
    return 2


def _say(what: str, made: Sequence[str]) -> None:
    sys.stdout.write(f"{what}: {', '.join(made) or 'none, all were there'}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
