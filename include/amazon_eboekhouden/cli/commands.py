"""The commands: one entry in `COMMANDS` each, the work done by `pipelines`."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from amazon_eboekhouden.cli import values
from amazon_eboekhouden.pipelines.report import RunReport

if TYPE_CHECKING:
    from amazon_eboekhouden.domain.windows import Window
    from amazon_eboekhouden.pipelines.runtime import Runtime


@dataclass(frozen=True)
class Command:
    """A command of the command line.

    Attributes:
        name: as it is typed.
        text: what it does, one sentence.
        run: does it.
        arguments: adds its own options to those that every command takes.
        reads: a coupling that is not active answers it all the same.
        counts: its first line is what was booked.
    """

    name: str
    text: str
    run: Callable[[Runtime, argparse.Namespace], RunReport]
    arguments: Callable[[argparse.ArgumentParser], None] | None = None
    reads: bool = False
    counts: bool = False


def _window(options: argparse.Namespace) -> Window:
    """The window that was typed; what is wrong with it is said to who typed it."""
    from amazon_eboekhouden.domain.windows import chosen

    if options.from_utc >= options.to_utc:
        raise ValueError("--from must come before --to")
    return chosen(options.from_utc, options.to_utc)


def _orders(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.domain.windows import up_to_now
    from amazon_eboekhouden.pipelines import orders

    if (options.from_utc is None) != (options.to_utc is None):
        raise ValueError("give both --from and --to, or neither")
    if options.from_utc is not None:
        return orders.run(runtime, _window(options))
    watermark = runtime.ledger.watermark(runtime.settings.name)
    return orders.run(runtime, up_to_now(datetime.now(UTC), watermark))


def _backfill(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import backfill_in_shell

    if options.from_utc is None or options.to_utc is None:
        raise ValueError("give --from and --to")
    window = _window(options)
    return backfill_in_shell.run(runtime, window, patience=options.wait, tell=_progress)


def _progress(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _refunds(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import refunds

    if options.from_utc is None or options.to_utc is None:
        raise ValueError("give --from and --to; without a window `orders` reads new refunds itself")
    return refunds.run(runtime, _window(options))


def _settlements(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import settlement_approval, settlement_files, settlements

    if not runtime.preview:
        for settlement_id in options.approve:
            settlement_approval.approve(runtime, settlement_id, who=getpass.getuser())
        for settlement_id, eur_cents in options.deposit_eur:
            settlement_files.enter_deposit(runtime, settlement_id, eur_cents)
    if options.file is not None:
        return settlements.run_file(runtime, options.file)
    return settlements.run(runtime)


def _statement(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.domain.settlement.proof import csv_of
    from amazon_eboekhouden.pipelines import statements

    made = statements.proof_of(runtime, options.settlement_id)
    if isinstance(made, list):
        return RunReport(problems=made)
    report = RunReport(details={"statement": statements.summary_of(made)})
    if options.html is not None:
        options.html.write_text(statements.page_of(made, runtime.settings.name), encoding="utf-8")
        report.details["html"] = str(options.html)
    if options.csv is not None:
        options.csv.write_text(csv_of(made), encoding="utf-8-sig", newline="")
        report.details["csv"] = str(options.csv)
    return report


def _fee_invoice(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import fee_invoice_entry, fee_invoices

    if options.csv is not None:
        invoices = fee_invoice_entry.from_csv(options.csv, vat_code=options.vat_code)
    elif None in (options.number, options.net, options.vat, options.period):
        raise ValueError("give --number, --net, --vat and --period, or --csv")
    else:
        invoices = [
            fee_invoice_entry.one_invoice(
                options.number,
                options.period,
                options.net,
                options.vat,
                on=options.date,
                kinds=options.kinds,
                vat_code=options.vat_code,
            )
        ]
    return fee_invoices.run(runtime, invoices, accept_difference=options.accept_difference)


def _audit(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import audit

    return audit.run(runtime)


def _explain(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import explain

    return explain.run(runtime, options.order_id)


def _rebuild(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import rebuild

    return rebuild.run(runtime)


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


def _activate(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import activation, check

    if runtime.preview:
        return check.run(runtime)
    return activation.activate(runtime, who=getpass.getuser(), why=options.why)


def _deactivate(runtime: Runtime, options: argparse.Namespace) -> RunReport:
    from amazon_eboekhouden.pipelines import activation

    if not runtime.preview:
        activation.deactivate(runtime, who=getpass.getuser(), why=options.why)
    note = f"coupling {runtime.settings.name} fetches and books no more"
    return RunReport(details={"note": note})


def _why_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--why", default="on the command line", metavar="TEXT", help="the reason")


def _window_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("from", "to"):
        parser.add_argument(
            f"--{name}", dest=f"{name}_utc", type=values.moment, metavar="TIME", help="ISO 8601"
        )


def _backfill_arguments(parser: argparse.ArgumentParser) -> None:
    _window_arguments(parser)
    parser.add_argument(
        "--wait",
        type=values.minutes,
        default="15",
        metavar="MINUTES",
        help="how long to wait in all for Amazon's reports and tokens (15)",
    )


def _settlements_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file", type=Path, metavar="PATH", help="a settlement file that Amazon no longer lists"
    )
    parser.add_argument(
        "--approve", action="append", default=[], metavar="ID", help="approve a settlement"
    )
    parser.add_argument(
        "--deposit-eur",
        action="append",
        default=[],
        type=values.deposit,
        metavar="ID=EUR",
        help="what a settlement in another currency brought to the bank",
    )


def _statement_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("settlement_id", metavar="ID")
    parser.add_argument("--html", type=Path, metavar="PATH", help="write the page to file or print")
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write a CSV for spreadsheets")


def _fee_invoice_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--number", metavar="NUMBER", help="Amazon's invoice number")
    parser.add_argument("--net", metavar="EUR", help="total without VAT; below zero: credit note")
    parser.add_argument("--vat", metavar="EUR", help="total VAT")
    parser.add_argument("--period", metavar="2026-10", help="month whose fees it bills")
    parser.add_argument(
        "--date", type=values.day, metavar="DAY", help="its date (end of the month)"
    )
    parser.add_argument(
        "--kinds",
        type=values.words,
        default=(),
        metavar="KIND,KIND",
        help="kinds of fee it covers (all but advertising)",
    )
    parser.add_argument(
        "--csv", type=Path, metavar="PATH", help="number;period;date;kind;net;vat, a line per kind"
    )
    parser.add_argument(
        "--vat-code",
        default="",
        metavar="CODE",
        help="where the rate does not tell: BI_EU_INK, GEEN",
    )
    parser.add_argument(
        "--accept-difference",
        action="store_true",
        help="book it though it differs from the fees that wait for it",
    )


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=("oss", "icp", "vat"))
    parser.add_argument("--quarter", type=values.quarter, required=True, metavar="2026-Q4")
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write a CSV for spreadsheets")


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--create-accounts", action="store_true", help="create missing BAL and VW accounts"
    )


def _explain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("order_id", metavar="ORDER-ID")


COMMANDS = (
    Command(
        "check",
        "Check settings, connections and ledger accounts.",
        _check,
        _check_arguments,
        reads=True,
    ),
    Command(
        "orders",
        "Book the orders that changed in a window of time.",
        _orders,
        _window_arguments,
        counts=True,
    ),
    Command(
        "backfill",
        "Book a window of history by Amazon's order reports.",
        _backfill,
        _backfill_arguments,
        counts=True,
    ),
    Command(
        "refunds",
        "Make credit notes of what Amazon refunded in a window of time.",
        _refunds,
        _window_arguments,
        counts=True,
    ),
    Command(
        "settlements",
        "Find, match and book Amazon's settlements.",
        _settlements,
        _settlements_arguments,
        counts=True,
    ),
    Command(
        "statement",
        "Prove a settlement: from Amazon's total to the bank line, row by row.",
        _statement,
        _statement_arguments,
        reads=True,
    ),
    Command(
        "fee-invoice",
        "Compare Amazon's fee invoice with what was booked; book it where fees wait for it.",
        _fee_invoice,
        _fee_invoice_arguments,
        counts=True,
    ),
    Command(
        "report",
        "Report a quarter's OSS sales, ICP supplies or VAT.",
        _report,
        _report_arguments,
        reads=True,
    ),
    Command("rebuild", "Fill a lost or restored ledger again from the books.", _rebuild),
    Command(
        "activate",
        "Check the coupling, bind it to its administration and seller, and let it run.",
        _activate,
        _why_arguments,
        reads=True,
    ),
    Command(
        "deactivate",
        "Stop fetching and booking; what was booked stays.",
        _deactivate,
        _why_arguments,
        reads=True,
    ),
    Command("audit", "Compare the ledger with the books; find gaps and what is late.", _audit),
    Command(
        "explain", "Tell the whole life of an order.", _explain, _explain_arguments, reads=True
    ),
)
