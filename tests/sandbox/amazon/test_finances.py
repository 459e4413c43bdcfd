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


GROUPS = "/finances/v0/financialEventGroups"


def test_a_group_is_open_until_its_period_is_over(october):
    october.clock(now="2026-10-20T00:00:00Z")
    october._token = None
    groups = october.get(GROUPS).json()["payload"]["FinancialEventGroupList"]
    *before, group = groups
    assert {one["ProcessingStatus"] for one in before} <= {"Closed"}
    assert group["ProcessingStatus"] == "Open"
    assert group["OriginalTotal"]["CurrencyAmount"] > 0
    assert "FinancialEventGroupEnd" not in group
    assert "FundTransferStatus" not in group
    october.clock(now="2026-11-20T00:00:00Z")
    october._token = None
    groups = october.get(GROUPS).json()["payload"]["FinancialEventGroupList"]
    by_id = {one["FinancialEventGroupId"]: one for one in groups}
    closed = by_id[group["FinancialEventGroupId"]]
    assert closed["ProcessingStatus"] == "Closed"
    assert closed["FinancialEventGroupEnd"]


@pytest.mark.parametrize(
    ("after", "before"),
    [
        ("2026-11-20T11:59:00Z", None),
        ("2026-11-01T00:00:00Z", "2026-11-20T11:59:00Z"),
        ("2026-11-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        (None, "0001-01-01T00:00:00Z"),
    ],
)
def test_times_of_groups_that_are_refused(october, after, before):
    asked = {"FinancialEventGroupStartedAfter": after, "FinancialEventGroupStartedBefore": before}
    answer = october.get(GROUPS, **{name: time for name, time in asked.items() if time})
    assert answer.status_code == 400


def test_groups_of_more_than_180_days_are_none(october):
    wide = october.get(GROUPS, FinancialEventGroupStartedAfter="2026-05-01T00:00:00Z").json()
    assert wide == {"payload": {"FinancialEventGroupList": []}}
    near = october.get(GROUPS, FinancialEventGroupStartedAfter="2026-07-01T00:00:00Z").json()
    assert near["payload"]["FinancialEventGroupList"]


@pytest.mark.parametrize(("hours", "seen"), [(0, True), (48, False)])
def test_the_last_two_days_may_be_missing(october, hours, seen):
    october.control("options", {"finances_delay_hours": hours})
    october.clock(now="2026-10-20T00:00:00Z")
    october._token = None
    found = everything(october, **WINDOW)
    assert any(one["postedDate"] > "2026-10-18T00:00:00.000Z" for one in found) == seen
    assert found


def balances(seller, **params):
    answer = seller.get("/finances/2024-06-19/balances", **params)
    assert answer.status_code == 200, answer.text
    return {
        one["balanceType"]: round(one["amount"]["currencyAmount"] * 100)
        for one in answer.json()["balances"]
    }


def test_balances(october):
    october.clock(now="2026-10-20T00:00:00Z")
    october._token = None
    kinds = balances(october)
    assert kinds["DEFERRED"] > 0
    assert kinds["TOTAL"] == kinds["DEFERRED"] + kinds["AVAILABLE"] + kinds["RESERVED"]
    assert balances(october, balanceType="DEFERRED") == {"DEFERRED": kinds["DEFERRED"]}
    assert balances(october, marketplaceIds="A1PA6795UKMFR9") == {}
    wrong = october.get("/finances/2024-06-19/balances", balanceType="LOTS")
    assert wrong.status_code == 400


def test_balances_of_a_day_that_is_past(october):
    october.clock(now="2026-10-20T23:59:59Z")
    october._token = None
    then = balances(october)
    october.clock(now="2026-11-10T00:00:00Z")
    october._token = None
    assert balances(october, asOfDate="2026-10-20") == then != balances(october)


def test_what_a_settlement_keeps_is_a_reserve_until_the_next(october):
    october.clock(now="2026-11-14T00:00:00Z")
    october._token = None
    closed = [one for one in october.truth()["settlements"] if one["end_utc"] < "2026-11-14"]
    kept = -closed[-1]["balances"].get("Current Reserve Amount", 0)
    assert balances(october)["RESERVED"] == kept
    assert any("Current Reserve Amount" in one["balances"] for one in closed)
