"""Token buckets on the sandbox's clock."""

from coupling_sandbox.amazon.limits import USAGE_PLANS, Buckets
from coupling_sandbox.clock import Clock

SINCE = {"lastUpdatedAfter": "2026-11-01T00:00:00Z"}


def test_searchorders_gives_twenty_and_then_one_every_179_seconds(seller):
    assert [seller.search(**SINCE).status_code for _ in range(20)] == [200] * 20
    refused = seller.search(**SINCE)
    assert refused.status_code == 429
    assert refused.json() == {
        "errors": [
            {
                "code": "QuotaExceeded",
                "message": "You exceeded your quota for the requested resource.",
                "details": "",
            }
        ]
    }
    assert refused.headers["x-amzn-errortype"] == "TooManyRequestsException"
    assert "x-amzn-requestid" in refused.headers
    assert "x-amzn-ratelimit-limit" not in refused.headers
    seller.clock(advance_s=170)
    assert seller.search(**SINCE).status_code == 429
    seller.clock(advance_s=9)
    assert seller.search(**SINCE).status_code == 200
    assert seller.search(**SINCE).status_code == 429
    assert seller.calls()["refused"]["searchOrders"] == 3


def test_participations_show_their_rate_when_throttled(seller):
    path = "/sellers/v1/marketplaceParticipations"
    answers = [seller.get(path) for _ in range(16)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["x-amzn-ratelimit-limit"] == "0.016"


def test_a_bucket_may_start_empty_and_a_plan_may_be_raised(seller):
    seller.control("options", {"bucket_fill": 0.05, "rate_scale": 10.0})
    assert seller.search(**SINCE).status_code == 200
    assert seller.search(**SINCE).status_code == 429
    seller.clock(advance_s=18)
    assert seller.search(**SINCE).status_code == 200


def test_every_plan_refills_at_its_rate():
    clock = Clock()
    buckets = Buckets(clock)
    for operation, (rate, burst) in USAGE_PLANS.items():
        taken = 0
        while buckets.take("seller", operation):
            taken += 1
        assert taken == burst
        clock.advance(1 / rate * 0.98)
        assert not buckets.take("seller", operation)
        clock.advance(1 / rate * 0.03)
        assert buckets.take("seller", operation)


def test_reset_fills_the_buckets(seller):
    for _ in range(21):
        seller.search(**SINCE)
    seller.control("reset", {})
    seller._token = None
    assert seller.search(lastUpdatedAfter="2026-01-01T00:00:00Z").status_code == 200
