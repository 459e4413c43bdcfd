"""The command line: the same use cases as the DAGs, without Airflow.

Exit status: 0 done, 1 a person is needed (problems are listed), 2 wrong usage, settings or
credentials, 3 not now (`retry_after_utc` says when to come back).
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amazon_eboekhouden.config.connections import Connection, from_environment
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.errors import CredentialsRefused, NotNow, RemoteError, SettingsError
from amazon_eboekhouden.domain.money import cents_of, euros
from amazon_eboekhouden.pipelines.report import (
    WRONG_USAGE,
    RunReport,
    refused_credentials,
    remote_failure,
)

if TYPE_CHECKING:
    from amazon_eboekhouden.pipelines.runtime import Runtime

# Commands that a coupling that is not active answers all the same.
READING = ("check", "explain", "report")
# Commands whose first line is what was booked.
COUNTING = ("orders", "settlements")

Command = Callable[["Runtime", argparse.Namespace], RunReport]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "sandbox":
        return _sandbox(options)
    status, report = _guarded(options)
    if options.json:
        sys.stdout.write(json.dumps(report.as_dict(), default=str) + "\n")
    else:
        sys.stdout.write(_text(report, options.command))
    return status


def _guarded(options: argparse.Namespace) -> tuple[int, RunReport]:
    """The command's report; what stopped it becomes a problem with the right exit status."""
    from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

    try:
        environment = environment_of(os.environ)
        settings = read_settings(environment, options.coupling)
        preview = options.preview or settings.mode == "preview"
        runtime = Runtime(settings, environment, _connection, preview=preview)
        if not settings.active and options.command not in READING:
            return 0, RunReport(details={"note": f"coupling {settings.name} is not active"})
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
        return 1, RunReport(problems=[remote_failure(error, row)])
    except ValueError as error:
        sys.stderr.write(f"amazon-eboekhouden: {error}\n")
        return WRONG_USAGE, RunReport(details={"note": str(error)})
    return report.exit_status, report


def _connection(conn_id: str) -> Connection | None:
    return from_environment(conn_id, os.environ)


def _orders(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.domain.windows import chosen, up_to_now
    from amazon_eboekhouden.pipelines import orders

    if (options.from_utc is None) != (options.to_utc is None):
        raise ValueError("give both --from and --to, or neither")
    if options.from_utc is not None:
        return orders.run(runtime, chosen(options.from_utc, options.to_utc))
    watermark = runtime.ledger.watermark(runtime.settings.name)
    return orders.run(runtime, up_to_now(datetime.now(UTC), watermark))


def _settlements(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import settlement_files, settlements

    if not runtime.preview:
        for settlement_id in options.approve:
            settlements.approve(runtime, settlement_id, who=getpass.getuser())
        for settlement_id, eur_cents in options.deposit_eur:
            settlement_files.enter_deposit(runtime, settlement_id, eur_cents)
    if options.file is not None:
        return settlements.run_file(runtime, options.file)
    return settlements.run(runtime)


def _audit(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import audit

    return audit.run(runtime)


def _explain(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import explain

    return explain.run(runtime, options.order_id)


def _report(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import reports

    made = {"oss": reports.oss_report, "icp": reports.icp_report, "vat": reports.vat_report}
    found = made[options.name](runtime, *options.quarter)
    report = RunReport(problems=list(found.problems), details=found.as_dict())
    if options.csv is not None:
        options.csv.write_text(found.csv(), encoding="utf-8-sig")
        report.details = {"csv": str(options.csv), "rows": len(found.rows)}
    return report


def _check(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import check

    return check.run(runtime, create_accounts=options.create_accounts)


def _nothing(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    return RunReport()  # `sandbox` needs no runtime: main() starts it before one is made.


def _sandbox(options: argparse.Namespace) -> int:
    """Start the sandboxes in the foreground, as the program of their own that they are."""
    command = [sys.executable, "-m", "coupling_sandbox"]
    for name in ("amazon_port", "eboekhouden_port", "public_port"):
        command += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    try:
        return subprocess.call(command)  # noqa: S603 - fixed words and three numbers
    except KeyboardInterrupt:
        return 0


def _moment(text: str) -> datetime:
    """A moment in ISO 8601; a bare date is midnight UTC.

    Raises:
        argparse.ArgumentTypeError: it is no moment.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment in ISO 8601") from None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)


def _quarter(text: str) -> tuple[int, int]:
    """A quarter such as `2026-Q4`.

    Raises:
        argparse.ArgumentTypeError: it is no quarter.
    """
    year, _, number = text.upper().partition("-Q")
    if not (year.isdigit() and number in ("1", "2", "3", "4")):
        raise argparse.ArgumentTypeError(f"{text!r} is no quarter, such as 2026-Q4")
    return int(year), int(number)


def _deposit(text: str) -> tuple[str, int]:
    """A settlement and its deposit in EUR, such as `12345=678.90`.

    Raises:
        argparse.ArgumentTypeError: it is not of that form.
    """
    settlement_id, _, amount = text.partition("=")
    try:
        return settlement_id, cents_of(amount)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not ID=EUR, such as 123=45.67") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="amazon-eboekhouden",
        description="Books Amazon sales in e-Boekhouden.nl, and settles them when Amazon pays.",
        epilog="Exit status: 0 done, 1 a person is needed, 2 wrong usage or settings, 3 not now.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("--coupling", default="demo", metavar="NAME", help="which coupling (demo)")
        sub.add_argument("--preview", action="store_true", help="write nothing; show what would be")
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        sub.set_defaults(run=run)
        return sub

    checked = command("check", _check, "Check settings, connections and ledger accounts.")
    checked.add_argument(
        "--create-accounts", action="store_true", help="create missing BAL and VW accounts"
    )
    ordered = command("orders", _orders, "Book the orders that changed in a window of time.")
    _window(ordered)
    settled = command("settlements", _settlements, "Find, match and book Amazon's settlements.")
    settled.add_argument(
        "--file", type=Path, metavar="PATH", help="a settlement file that Amazon no longer lists"
    )
    settled.add_argument(
        "--approve", action="append", default=[], metavar="ID", help="approve a settlement"
    )
    settled.add_argument(
        "--deposit-eur",
        action="append",
        default=[],
        type=_deposit,
        metavar="ID=EUR",
        help="what a settlement in another currency brought to the bank",
    )
    reported = command("report", _report, "Report a quarter's OSS sales, ICP supplies or VAT.")
    reported.add_argument("name", choices=("oss", "icp", "vat"))
    reported.add_argument("--quarter", type=_quarter, required=True, metavar="2026-Q4")
    reported.add_argument("--csv", type=Path, metavar="PATH", help="write a CSV for spreadsheets")
    command("audit", _audit, "Compare the ledger with the books; find gaps and what is late.")
    explained = command("explain", _explain, "Tell the whole life of an order.")
    explained.add_argument("order_id", metavar="ORDER-ID")
    sandbox = command("sandbox", _nothing, "Run the sandboxes of both services in the foreground.")
    sandbox.add_argument("--amazon-port", type=int, default=8101, metavar="PORT")
    sandbox.add_argument("--eboekhouden-port", type=int, default=8102, metavar="PORT")
    sandbox.add_argument("--public-port", type=int, default=8103, metavar="PORT")
    return parser


def _window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="from_utc", type=_moment, metavar="TIME", help="ISO 8601")
    parser.add_argument("--to", dest="to_utc", type=_moment, metavar="TIME", help="ISO 8601")


def _text(report: RunReport, command: str) -> str:
    """The report for a person at a terminal."""
    lines = []
    if command in COUNTING:
        lines.append(
            f"booked {report.booked}, already booked {report.already_booked}, skipped "
            f"{report.skipped}, unknown {report.unknown}, problems {len(report.problems)}"
        )
    lines += [f"  skipped {count}: {why}" for why, count in sorted(report.skipped_reasons.items())]
    for found in report.problems:
        lines += [f"  {found.row}: {found.cause}", f"    [{found.code}] {found.todo}"]
    for shown in report.preview:
        lines.append("  would book " + json.dumps(shown, default=str))
    if "story" in report.details:
        lines.append(str(report.details["story"]))
    for name, value in report.details.items():
        if name in ("story", "order"):  # The story is the order, for a person.
            continue
        if name == "settlements":
            lines += [line for summary in value for line in _settlement_text(summary)]
        else:
            lines.append(f"  {name}: {value if isinstance(value, str) else json.dumps(value)}")
    if report.retry_after_utc is not None:
        lines.append(f"not finished; come back after {report.retry_after_utc.isoformat()}")
    return "\n".join(lines or ["nothing to report"]) + "\n"


def _settlement_text(summary: dict[str, Any]) -> list[str]:
    """The statement of one settlement, line by line."""
    currency = summary["currency"]
    return [
        f"settlement {summary['settlement_id']}, {summary['start']} to {summary['end']}",
        *(
            f"  {line['section']}: {line['line']}".ljust(62) + f"{euros(line['cents']):>14}"
            for line in summary["lines"]
        ),
        f"  total according to Amazon, {currency}".ljust(62)
        + f"{euros(summary['total_cents']):>14}",
    ]


if __name__ == "__main__":
    sys.exit(main())
