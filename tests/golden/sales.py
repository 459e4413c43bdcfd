"""Runs the orders of a golden case through the domain and shows what would be booked.

A case is a folder: `input.json` (orders as Amazon returns them, and what else the world says),
`settings.yaml` if it needs other settings than the seller of `settings.yaml` here, and
`expected.json`. `make golden` rewrites the expected side; the diff is reviewed like code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.credit_notes import credit_note
from amazon_eboekhouden.domain.frames import BOOKED, MUTATIONS
from amazon_eboekhouden.domain.invoices import Bookables, invoices
from amazon_eboekhouden.domain.item_vat import ItemVat
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.orders import OrdersRead, orders_from_json
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.sale_kinds import ViesAnswer
from amazon_eboekhouden.domain.shipments import Parcel, Shipment

HERE = Path(__file__).parent
INSTALL_KEY = b"golden cases"


def settings_of(overrides: Mapping[str, Any] | None = None) -> CouplingSettings:
    """The seller of the golden cases, with these settings changed."""
    base = yaml.safe_load((HERE / "settings.yaml").read_text())
    return CouplingSettings(**_merged(base, overrides or {}))


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        inner = base.get(key)
        both = isinstance(value, Mapping) and isinstance(inner, Mapping)
        result[key] = _merged(inner, value) if both else value
    return result


def read(case: Mapping[str, Any], settings: CouplingSettings) -> OrdersRead:
    """The orders of a case in frames."""
    shipments = {
        order_id: Shipment(
            datetime.fromisoformat(one["shipped"]),
            one["ship_from"],
            tuple(
                Parcel(
                    part["shipment_id"],
                    datetime.fromisoformat(part["shipped"]),
                    part["ship_from"],
                    pieces=part["pieces"],
                )
                for part in one.get("parcels", ())
            ),
        )
        for order_id, one in case.get("shipments", {}).items()
    }
    item_vat = {
        order_id: {
            item: ItemVat(Decimal(one["rate"]), one.get("cents", {})) for item, one in items.items()
        }
        for order_id, items in case.get("item_vat", {}).items()
    }
    return orders_from_json(case["orders"], settings, shipments=shipments, item_vat=item_vat)


def asked_of_others(case: Mapping[str, Any]) -> dict[str, Any]:
    """What the ECB, VIES and Amazon's VAT report say in a case, as `invoices` takes it."""
    rates = {
        (currency, date.fromisoformat(day)): Decimal(rate)
        for currency, days in case.get("rates", {}).items()
        for day, rate in days.items()
    }
    vies = {
        number: ViesAnswer(one["valid"], date.fromisoformat(one["asked_on"]), one["consultation"])
        for number, one in case.get("vies", {}).items()
    }
    return {"rates": rates, "vies": vies, "vcs_numbers": case.get("vcs_numbers", {})}


def book(
    case: Mapping[str, Any], settings: CouplingSettings, booked: pd.DataFrame | None = None
) -> tuple[OrdersRead, Bookables]:
    """What the orders of a case become."""
    orders = read(case, settings)
    bookables = invoices(
        orders.orders,
        orders.lines,
        settings,
        install_key=INSTALL_KEY,
        booked=BOOKED.empty() if booked is None else booked,
        **asked_of_others(case),
    )
    return orders, bookables


def as_booked(mutations: pd.DataFrame, state: str = "CONFIRMED") -> pd.DataFrame:
    """BOOKED as it looks after these mutations were confirmed."""
    names = [name for name in BOOKED.columns if name in mutations.columns]
    rows = mutations[names].assign(state=state, remote_id="1")
    return BOOKED.check(rows.astype({"state": "str", "remote_id": "str"}))


def outcome(case: Mapping[str, Any], settings: CouplingSettings) -> dict[str, Any]:
    """Everything a reviewer wants to see of a case, as JSON values."""
    orders, first = book(case, settings)
    credits, refused, credited = _refunds(case, first)
    shown = [_shown(first, row) for row in first.mutations.to_dict("records")] + credits
    result: dict[str, Any] = {"mutations": shown}
    if later := case.get("later"):
        noted = MUTATIONS.of(credited)
        booked = as_booked(pd.concat([first.mutations, noted]) if credited else first.mutations)
        orders, second = book({**case, **later}, settings, booked)
        result["later"] = [_shown(second, row) for row in second.mutations.to_dict("records")]
        first = second
    result["relations"] = [_relation(row) for row in first.relations.to_dict("records")]
    problems = [*orders.problems, *first.problems, *refused]
    result["problems"] = [problem.as_dict() for problem in problems]
    skipped = pd.concat([orders.skipped, first.skipped], ignore_index=True)
    result["skipped"] = dict(zip(skipped["order_id"], skipped["reason"], strict=True))
    return result


def _refunds(
    case: Mapping[str, Any], bookables: Bookables
) -> tuple[list[dict[str, Any]], list[Problem], list[dict[str, Any]]]:
    rows = {r["order_id"]: r for r in as_booked(bookables.mutations).to_dict("records")}
    shown: list[dict[str, Any]] = []
    problems: list[Problem] = []
    made: list[dict[str, Any]] = []
    earlier: dict[str, list[dict[str, Any]]] = {}
    for refund in case.get("refunds", ()):
        before = earlier.setdefault(refund["order_id"], [])
        note = credit_note(
            rows[refund["order_id"]],
            refunded_cents=refund["cents"],
            event_id=refund["event"],
            sequence=len(before) + 1,
            date=date.fromisoformat(refund["date"]),
            reason=refund.get("reason", ""),
            earlier=before,
            per_item={
                (one.get("item", ""), one.get("sku", "")): one["cents"]
                for one in refund.get("items", ())
            },
        )
        if isinstance(note, Problem):
            problems.append(note)
        else:
            mutation, lines = note
            before.append(mutation)
            made.append(mutation)
            shown.append(_mutation(mutation, lines))
    return shown, problems, made


def _shown(bookables: Bookables, row: Mapping[str, Any]) -> dict[str, Any]:
    own = bookables.mutation_lines
    lines = own[own["booking"] == row["booking"]].sort_values("line").to_dict("records")
    return _mutation({**row, "date": row["date"].date()}, lines)


def _mutation(row: Mapping[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    facts = json.loads(row["facts"])
    rates = {rate["rate"]: rate["why"] for rate in facts.get("rates", ())}
    kind = {"sale_kind": facts["sale_kind"], "rates": rates} if rates else {}
    return {
        "booking": row["booking"],
        "date": row["date"].isoformat(),
        "invoice_number": row["invoice_number"],
        "relation": row["relation_code"],
        "description": row["description"],
        "depends_on": row["depends_on"],
        "gross": _money(row["gross_cents"]),
        "lines": [
            {
                "account": line["account"],
                "vat_code": line["vat_code"],
                "net": _money(line["net_cents"]),
                "vat": _money(line["vat_cents"]),
                "gross": _money(line["gross_cents"]),
            }
            for line in lines
        ],
        **kind,
    }


def _relation(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("relation_code", "company", "contact", "country", "vat_number", "is_business")
    return {name: row[name] for name in names}


def _money(cents: int) -> str:
    return f"{euros(int(cents))}"
