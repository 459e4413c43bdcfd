"""Finances: transactions and their phases, summaries as control totals, event groups, balances."""

import pytest

PATH = "/finances/2024-06-19/transactions"
WINDOW = {"postedAfter": "2026-10-01T00:00:00Z"}


@pytest.fixture
def october(seller):
    seller.control("seed", {"seed": 3, "orders": 60, "from": "2026-10-01", "to": "2026-11-01"})
    return seller


def everything(seller, **params):
    found, token = [], None
    while True:
        asked = params | ({"nextToken": token} if token else {})
        answer = seller.get(PATH, **asked)
        assert answer.status_code == 200, answer.text
        payload = answer.json()["payload"]
        found += payload["transactions"]
        token = payload.get("nextToken")
        if token is None:
            return found


def related(transaction, name):
    for one in transaction["relatedIdentifiers"]:
        if one["relatedIdentifierName"] == name:
            return one["relatedIdentifierValue"]
    return None


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"postedAfter": "2026-11-20T11:59:00Z"},
        WINDOW | {"postedBefore": "2026-11-20T11:59:00Z"},
        WINDOW | {"postedBefore": "2026-09-01T00:00:00Z"},
        WINDOW | {"transactionStatus": "GONE"},
        WINDOW | {"marketplaceId": "ATVPDKIKX0DER"},
        WINDOW | {"nextToken": "!"},
        {"relatedIdentifierName": "REFUND_ID", "relatedIdentifierValue": "1"},
        {"relatedIdentifierName": "ORDER_ID"},
    ],
)
def test_refused_parameters(seller, params):
    answer = seller.get(PATH, **params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidInput"


def test_beyond_180_days_the_answer_is_empty_and_no_error(october):
    answer = october.get(PATH, postedAfter="2026-01-01T00:00:00Z")
    assert answer.json() == {"payload": {"transactions": []}}


def test_released_money_is_what_the_settlements_hold(october):
    released = everything(october, **WINDOW, transactionStatus="RELEASED")
    own: dict[str, int] = {}
    for one in released:
        settlement = related(one, "SETTLEMENT_ID")
        cents = round(one["totalAmount"]["currencyAmount"] * 100)
        own[settlement] = own.get(settlement, 0) + cents
    truth = {one["settlement_id"]: one for one in october.truth()["settlements"]}
    assert set(own) == set(truth)
    for settlement, cents in own.items():
        # Reserves are movements of the balance, not transactions.
        assert cents == truth[settlement]["total_cents"] - truth[settlement]["balances_cents"]


def test_money_is_deferred_first_and_released_later(october):
    october.clock(now="2026-10-20T00:00:00Z")
    october._token = None
    deferred = everything(october, **WINDOW, transactionStatus="DEFERRED")
    first = deferred[-1]
    assert first["contexts"][0]["deferralReason"] == "DD7"
    order = related(first, "ORDER_ID")
    october.clock(now="2026-11-15T00:00:00Z")
    october._token = None
    name = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order}
    both = everything(october, **name)
    sale = [one for one in both if one["transactionType"] == "Shipment"]
    assert [one["transactionStatus"] for one in sale] == ["DEFERRED_RELEASED", "RELEASED"]
    assert related(sale[0], "RELEASE_TRANSACTION_ID") == sale[1]["transactionId"]
    assert related(sale[1], "DEFERRED_TRANSACTION_ID") == sale[0]["transactionId"]


def test_a_refund_has_another_name_than_in_the_settlement(october):
    truth = [r for o in october.truth()["orders"] for r in o.get("refunds", ())]
    found = everything(october, **WINDOW)
    ids = {related(one, "REFUND_ID") for one in found if one["transactionType"] == "Refund"}
    assert ids == {one["refund_id"] for one in truth}
    assert not ids & {one["adjustment_id"] for one in truth}


def test_pages_may_be_empty_and_go_on(october):
    october.control("faults", [{"operation": "listTransactions", "kind": "empty_page"}])
    empty = october.get(PATH, **WINDOW).json()["payload"]
    assert empty["transactions"] == []
    rest = october.get(PATH, **WINDOW, nextToken=empty["nextToken"]).json()["payload"]
    assert len(rest["transactions"]) == 100
    october.control("faults", [{"operation": "listTransactions", "kind": "repeated_page"}])
    again = october.get(PATH, **WINDOW).json()["payload"]
    repeat = october.get(PATH, **WINDOW, nextToken=again["nextToken"]).json()["payload"]
    assert repeat["transactions"] == again["transactions"]


def test_a_group_and_a_marketplace(october):
    groups = october.get("/finances/v0/financialEventGroups").json()["payload"]
    group = groups["FinancialEventGroupList"][0]["FinancialEventGroupId"]
    name = {"relatedIdentifierName": "FINANCIAL_EVENT_GROUP_ID", "relatedIdentifierValue": group}
    assert everything(october, **name)
    assert everything(october, **WINDOW, marketplaceId="A1PA6795UKMFR9") == []


def test_a_summary_is_the_control_total(october):
    for truth in october.truth()["settlements"]:
        answer = october.get(
            "/finances/2024-06-19/summary",
            relatedIdentifierName="SETTLEMENT_ID",
            relatedIdentifierValue=truth["settlement_id"],
        ).json()
        (summary,) = answer["summaries"]
        assert round(summary["netProceeds"]["currencyAmount"] * 100) == truth["total_cents"]
        parts = sum(
            round(b["breakdownAmount"]["currencyAmount"] * 100) for b in summary["breakdowns"]
        )
        assert parts == truth["total_cents"]
    wrong = october.get("/finances/2024-06-19/summary", relatedIdentifierName="ORDER_ID")
    assert wrong.status_code == 400


def test_a_posted_settlement_has_a_summary_too(seller):
    body = (
        "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\t"
        "currency\n77\t01.11.2026 00:00:00 UTC\t15.11.2026 00:00:00 UTC\t17.11.2026 00:00:00 UTC\t"
        "-1.234,56\tEUR\n"
    )
    seller.http.post("/control/settlements", content=body)
    (summary,) = seller.get("/finances/2024-06-19/summary").json()["summaries"]
    assert summary["netProceeds"] == {"currencyCode": "EUR", "currencyAmount": -1234.56}


def test_groups_tell_what_arrives_in_euro(seller):
    seller.control(
        "seed",
        {"profile": "year", "marketplaces": ["UK"], "orders": 40, "from": "2026-10-01",
         "to": "2026-11-01"},
    )  # fmt: skip
    groups = seller.get("/finances/v0/financialEventGroups", MaxResultsPerPage="1").json()[
        "payload"
    ]
    (first,) = groups["FinancialEventGroupList"]
    assert first["OriginalTotal"]["CurrencyCode"] == "GBP"
    assert first["ConvertedTotal"]["CurrencyCode"] == "EUR"
    assert "NextToken" in groups
    more = seller.get(
        "/finances/v0/financialEventGroups", MaxResultsPerPage="1", NextToken=groups["NextToken"]
    ).json()["payload"]
    assert more["FinancialEventGroupList"][0] != first


def test_balances(october):
    october.clock(now="2026-10-20T00:00:00Z")
    october._token = None
    answer = october.get("/finances/2024-06-19/balances").json()
    kinds = {one["balanceType"]: one["amount"]["currencyAmount"] for one in answer["balances"]}
    assert kinds["DEFERRED"] > 0
    assert kinds["TOTAL"] == pytest.approx(kinds["DEFERRED"] + kinds["AVAILABLE"])
