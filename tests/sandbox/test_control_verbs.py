"""Whatever is sent to a control verb of any sandbox: a clear 400, and nothing is broken later."""

import httpx
import pytest
from coupling_sandbox.amazon.app import create_app as amazon_app
from coupling_sandbox.eboekhouden.app import create_app as books_app
from coupling_sandbox.public.app import create_app as public_app
from coupling_sandbox.server import serve_in_thread

ANYWHERE = ["", "{", "null", "1", '"x"', "[1]", "[null]", "[[]]", '{"a": 1}', "[" * 100_000, "\xff"]
DAY = '{"2026-03-02": '
ADD = '{"do": "add", "Soort": "GeldOntvangen", "Datum": "2026-01-01", "Rekening": "1000", '
# verb → bodies that are JSON of the right shape, but with a value that can't be.
WRONG = {
    "clock": ["{}", '{"now": 5}', '{"now": "x"}', '{"now": "9999-12-31T00:00:00Z"}',
              '{"advance_s": 1e30}', '{"advance_s": NaN}', '{"advance_s": null}'],
    "faults": ['[{"kind": "slow", "after": "x"}]', '[{"kind": "slow", "times": 1.5}]',
               '[{"kind": "slow", "seconds": -1}]', '[{"kind": "x"}]', '[{"kind": ["slow"]}]',
               '[{"kind": "wrong_charset", "charset": "x"}]', '[{"kind": "slow", "operation": 1}]',
               '[{"kind": "wrong_charset", "charset": "hex"}]',
               '[{"kind": "oversized", "size_bytes": "1"}]', '[{"kind": "slow", "when": "now"}]'],
    "orders": ["{}", '[{"orderId": null}]', '{"orders": {}}'],
    "seed": ['{"fba": "x"}', '{"business": 2}', '{"orders": 1.5}', '{"orders": true}',
             '{"period_days": 0}', '{"seed": "x"}', '{"from": 5}', '{"marketplaces": "NL"}',
             '{"stock": []}', '{"stock": ["GB"]}', '{"closing_reserve": "x"}', '{"profile": 1}'],
    "credentials": ["{}", '[{"refresh_token": 5}]', '[{"roles": "x"}]', '[{"roles": [1]}]',
                    '[{"revoked": 1}]', '[{"marketplaces": ["XX"]}]'],
    "options": ['{"bucket_fill": -1}', '{"rate_scale": 0}', '{"document_charset": "x"}',
                '{"document_charset": "hex"}',
                '{"transient_400_until": "x"}', '{"missing_role": []}', '{"report_seconds": "x"}',
                '{"order_report_days": true}', '{"get_mutaties_cap": 0}'],
    "ledgers": ['{"add": 1}', '{"add": [1]}', '[{"code": "1"}]', '[{"code": "", "category": 1}]'],
    "administrations": ["{}", '{"username": "a", "security_code_1": 5, "security_code_2": "b", '
                              '"guid": "c", "company": "d"}'],
    "mutations": ["[{}]", '{"do": "delete"}', '{"do": "change", "number": "x"}',
                  '{"do": "add", "Datum": "x"}', '{"do": "add", "MutatieRegels": [1]}',
                  ADD + '"MutatieRegels": [{"BedragInvoer": "abc"}]}',
                  '{"do": "add", "Rekening": 5}'],
    "relations": ["{}", '[{"Code": 5}]', '[{"Code": null}]', '[{"Colour": "red"}]'],
    "cost-centres": ["{}", '[{"Omschrijving": 5}]', '[{"KostenplaatsId": "x"}]'],
    "articles": ["{}", '[{"ArtikelCode": 5}]', '[{"InkoopprijsExclBTW": "x"}]'],
    "rates": ["[]", DAY + "1}", DAY + '{"SEK": {}}}', DAY + '{"SEK": "NaN"}}', '{"x": null}'],
    "vat-numbers": ["[]", '{"NL1": 5}', '{"": true}', '{"DE": true}', '{"NL1": {"valid": "x"}}',
                    '{"NL1": {"name": 5}}', '{"NL1": true, "XX1": true}',
                    '{"NL1": [["valid", true]]}'],
}  # fmt: skip
SANDBOXES = {
    "amazon": (amazon_app, "clock faults orders seed credentials options"),
    "eboekhouden": (
        books_app,
        "clock faults options ledgers administrations mutations relations cost-centres articles",
    ),
    "public": (public_app, "clock faults rates vat-numbers"),
}
# What another verb makes of it: null replaces the chart by the default one or undoes a change.
FINE = {("ledgers", "null")}


def state_of(http, verbs):
    shown = [verb for verb in verbs if verb not in ("orders", "seed", "clock")]
    extra = ("journal", "truth")
    answers = {verb: http.get(f"/control/{verb}") for verb in (*shown, *extra)}
    return {verb: one.text for verb, one in answers.items() if one.status_code == 200}


@pytest.mark.parametrize("name", SANDBOXES)
def test_wrong_bodies_are_refused_and_change_nothing(name):
    make, verbs = SANDBOXES[name]
    with serve_in_thread(make()) as url, httpx.Client(base_url=url, timeout=20) as http:
        before = state_of(http, verbs.split())
        assert len(before) > 2
        for verb in verbs.split():
            for body in [*ANYWHERE, *WRONG[verb]]:
                if (verb, body) in FINE:
                    continue
                answer = http.post(f"/control/{verb}", content=body.encode("latin-1"))
                assert answer.status_code == 400, (verb, body[:99], answer.text)
                assert answer.json()["error"], (verb, body[:99])
        assert state_of(http, verbs.split()) == before


def test_an_empty_settlement_and_a_strange_status_are_refused(served):
    with httpx.Client(base_url=served(amazon_app())) as http:
        assert "settlement" in http.post("/control/settlements").json()["error"]
        assert "reportType" in http.post("/control/reports", content="x").json()["error"]
        odd = http.post("/control/reports", content="x", params={"reportType": "A", "status": "B"})
        assert "DONE" in odd.json()["error"]


def test_the_clock_runs_on_from_where_it_was_set(served):
    for make, _ in SANDBOXES.values():
        with httpx.Client(base_url=served(make())) as http:
            first = http.post("/control/clock", json={"now": "2026-05-01T00:00:00+02:00"}).json()
            assert first["now"].startswith("2026-04-30T22:00:0")
            assert http.get("/control/clock").json()["now"] > first["now"]
            later = http.post("/control/clock", json={"advance_s": 3600}).json()["now"]
            assert later.startswith("2026-04-30T23:00:0")
            http.post("/control/reset")
            assert not http.get("/control/clock").json()["now"].startswith("2026-04-30")
