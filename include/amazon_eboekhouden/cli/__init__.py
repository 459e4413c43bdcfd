"""The command line: the same use cases as the DAGs, without Airflow.

Exit status: 0 done, 1 a person is needed (problems are listed), 2 wrong usage, settings or
credentials, 3 not now (`retry_after_utc` says when to come back).

`commands.py` is the table of commands, `values.py` the values they take, `text.py` what a person
at a terminal reads.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from amazon_eboekhouden.cli.commands import COMMANDS
from amazon_eboekhouden.cli.sandbox import add_sandbox, run_sandbox
from amazon_eboekhouden.cli.text import text_of
from amazon_eboekhouden.config.connections import Connection, from_environment, variable_of
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.errors import CredentialsRefused, NotNow, RemoteError, SettingsError
from amazon_eboekhouden.domain.problems import problem
from amazon_eboekhouden.pipelines.discretion import said_on_purpose, unforeseen
from amazon_eboekhouden.pipelines.report import (
    NEEDS_A_PERSON,
    WRONG_USAGE,
    RunReport,
    refused_credentials,
    remote_failure,
)
from amazon_eboekhouden.pipelines.storage import storage_failure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "sandbox":
        return run_sandbox(options)
    status, report = _guarded(options)
    if options.json:
        sys.stdout.write(json.dumps(report.as_dict(), default=str) + "\n")
    else:
        sys.stdout.write(text_of(report, counts=options.counts))
    return status


def _guarded(options: argparse.Namespace) -> tuple[int, RunReport]:
    """The command's report; what stopped it becomes a problem with the right exit status."""
    from amazon_eboekhouden.pipelines.activation import standing_of
    from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

    try:
        environment = environment_of(os.environ)
        settings = read_settings(environment, options.coupling)
        preview = options.preview or settings.mode == "preview"
        runtime = Runtime(settings, environment, _connection, preview=preview)
        found = standing_of(runtime)
        # What would be booked may be seen before anybody activates; a file that says no means it.
        looks = options.reads or (options.preview and settings.active)
        if not found.runs and not looks:
            note = f"coupling {settings.name} is not active: {found.note}"
            return 0, RunReport(details={"note": note})
        report = options.run(runtime, options)
    except SettingsError as error:
        return WRONG_USAGE, RunReport(problems=error.problems)
    except NotNow as error:
        report = RunReport(retry_after_utc=error.retry_at_utc)
        report.details["note"] = error.cause
        return report.exit_status, report
    except CredentialsRefused as error:
        side = settings.seller if error.service == "Amazon" else settings.books
        return WRONG_USAGE, RunReport(problems=[refused_credentials(error, side.connection)])
    except RemoteError as error:
        row = f"{error.service} {error.operation}"
        return NEEDS_A_PERSON, RunReport(problems=[remote_failure(error, row)])
    except Exception as error:  # noqa: BLE001 - told without its text
        if (found_wrong := storage_failure(error)) is not None:
            return NEEDS_A_PERSON, RunReport(problems=[found_wrong])
        text = str(error if said_on_purpose(error) else unforeseen(error))
        sys.stderr.write(f"amazon-eboekhouden: {text}\n")
        status = WRONG_USAGE if said_on_purpose(error) else NEEDS_A_PERSON
        return status, RunReport(details={"note": text})
    return report.exit_status, report


def _connection(conn_id: str) -> Connection | None:
    try:
        return from_environment(conn_id, os.environ)
    except ValueError as error:
        unreadable = problem(
            "connection-unreadable",
            f"connection {conn_id}",
            connection=conn_id,
            why=str(error),
            variable=variable_of(conn_id),
        )
        raise SettingsError([unreadable]) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="amazon-eboekhouden",
        description="Books Amazon sales in e-Boekhouden.nl, and settles them when Amazon pays.",
        epilog="Exit status: 0 done, 1 a person is needed, 2 wrong usage or settings, 3 not now.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.text, description=command.text)
        sub.add_argument("--coupling", default="demo", metavar="NAME", help="which coupling (demo)")
        sub.add_argument("--preview", action="store_true", help="write nothing; show what would be")
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        sub.set_defaults(run=command.run, reads=command.reads, counts=command.counts)
        if command.arguments is not None:
            command.arguments(sub)
    add_sandbox(commands)
    return parser
