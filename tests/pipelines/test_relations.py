"""What a later order tells of a buyer fills his relation, and nothing that stands there is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from amazon_eboekhouden.domain.bookings import Relation
from zeep.helpers import serialize_object

from tests.adapters.world import QUICK, books_credentials
from tests.pipelines.conftest import World

NOW = datetime.now(UTC)
WINDOW = (
    "--from",
    f"{NOW - timedelta(days=5):%Y-%m-%d}T00:00:00Z",
    "--to",
    f"{NOW - timedelta(days=1):%Y-%m-%d}T00:00:00Z",
)
CODE = "AZ0000000000001"
FULL = Relation(
    code=CODE,
    is_business=False,
    company="Noor Visser",
    address="Kerklaan 1",
    postal_code="3511 AA",
    city="Utrecht",
    country="NL",
    email="x@marketplace.amazon.nl",
)


def order(order_id: str, **address: str) -> dict[str, Any]:
    shipped = f"{NOW - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
    amount = {"amount": "12.10", "currencyCode": "EUR"}
    return {
        "orderId": order_id,
        "createdTime": shipped,
        "lastUpdatedTime": shipped,
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1805IZSGTT6HS"},
        "programs": [],
        "buyer": {"buyerEmail": "x@marketplace.amazon.nl"},
        "recipient": {"deliveryAddress": {"countryCode": "NL", **address}},
        "fulfillment": {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
        "orderItems": [
            {
                "orderItemId": "1",
                "quantityOrdered": 1,
                "product": {"sellerSku": "A"},
                "proceeds": {
                    "breakdowns": [{"type": "ITEM", "subtotal": amount}],
                    "proceedsTotal": amount,
                },
            }
        ],
    }


def standing(session: EBoekhouden, code: str) -> dict[str, Any]:
    answer = session._session.read("GetRelaties", cFilter={"Code": code, "ID": 0})
    return dict(serialize_object(answer.Relaties.cRelatie[0], dict))


def by_a_person(session: EBoekhouden, code: str, **fields: str) -> None:
    """Change fields as a person does who sees the whole form."""
    whole = {name: value for name, value in standing(session, code).items() if value is not None}
    session._session.once("UpdateRelatie", {"oRel": whole | fields})


@pytest.fixture
def session(world: World) -> Any:
    with EBoekhouden(books_credentials(world.books), patience=QUICK) as opened:
        yield opened


def test_a_name_and_address_that_become_known_are_filled(
    world: World, session: EBoekhouden
) -> None:
    world.post(f"{world.amazon}/control/orders", [order("405-0000000-0000001")])
    first = world.run("orders", *WINDOW)
    assert first.report["booked"] == 1, first.report["problems"]
    [code] = {line["relation"] for line in world.journal()} - {""}
    assert standing(session, code)["Bedrijf"] == "Amazon-koper"
    by_a_person(session, code, Telefoon="030-1234567", Plaats="De Bilt")
    named = order(
        "405-0000000-0000002", name="Noor Visser", addressLine1="Kerklaan 1", city="Utrecht"
    )
    world.post(f"{world.amazon}/control/orders", [named])
    again = world.run("orders", *WINDOW)
    assert again.report["booked"] == 1
    assert "relations_filled" in again.report, again.report["calls"]
    assert again.report["relations_filled"] == {code: ["Adres", "Bedrijf"]}
    found = standing(session, code)
    assert (found["Bedrijf"], found["Adres"]) == ("Noor Visser", "Kerklaan 1")
    assert (found["Telefoon"], found["Plaats"]) == ("030-1234567", "De Bilt")
    # The same orders once more: nothing is asked, nothing is written.
    before = world.calls("books").get("UpdateRelatie", 0)
    assert "relations_filled" not in world.run("orders", *WINDOW).report
    assert world.calls("books").get("UpdateRelatie", 0) == before


def test_a_buyer_of_whom_nothing_new_is_told_costs_no_call(world: World) -> None:
    """However many of a window's orders come from known buyers, the books are asked six times."""
    known = [order(f"405-0000000-000000{n}", name="Noor Visser") for n in range(4)]
    world.post(f"{world.amazon}/control/orders", known[:1])
    assert world.run("orders", *WINDOW).report["calls"]["AddRelatie"] == 1
    world.post(f"{world.amazon}/control/orders", known[1:])
    again = world.run("orders", *WINDOW).report
    assert again["booked"] == 3
    assert {"AddRelatie", "GetRelaties", "UpdateRelatie"}.isdisjoint(again["calls"])


def test_no_field_that_stands_there_is_ever_changed(session: EBoekhouden) -> None:
    """Ours, and those that only a person fills; what differs is left as it is."""
    session.add(FULL, "", deadline_s=10)
    by_a_person(session, CODE, Notitie="bel eerst", Adres2="Postbus 1", IBAN="NL91")
    before = standing(session, CODE)
    other = Relation(CODE, True, "Ander BV", "Ander", "Ander 1", "1111", "Elders", "BE", "y@z.nl")
    assert session.fill_relation(other) == ("Contactpersoon",)
    after = standing(session, CODE)
    assert after.pop("Contactpersoon") == "Ander"
    before.pop("Contactpersoon")
    assert after == before
    assert session.fill_relation(other) == ()


def test_a_vat_number_that_becomes_known_is_filled(session: EBoekhouden) -> None:
    session.add(FULL, "", deadline_s=10)
    known = Relation(CODE, True, "Visser BV", vat_number="NL123456782B90")
    assert session.fill_relation(known) == ("BTWNummer",)
    found = standing(session, CODE)
    assert (found["BTWNummer"], found["Bedrijf"]) == ("NL123456782B90", "Noor Visser")
    assert (found["Adres"], found["Email"]) == ("Kerklaan 1", "x@marketplace.amazon.nl")


def test_a_relation_that_is_not_there_is_left_alone(session: EBoekhouden) -> None:
    assert session.fill_relation(FULL) == ()
