"""Nothing that comes from outside makes the product stumble or believe what is not there.

A slice of the campaign; all of it: `python -m tests.hostile --documents 6000`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement

from tests.hostile.campaign import (
    FAMILIES,
    JSON,
    MOST_CPU_S,
    MOST_MEMORY_MB,
    READS,
    XML,
    end_of_last_amount,
    run,
)
from tests.hostile.imposter import Answer
from tests.hostile.readers import Finding, Readers, readers

SLICE = 480


@pytest.fixture(scope="module")
def everyone() -> Iterator[Readers]:
    with readers() as made:
        yield made


def test_true_documents_are_accepted(everyone: Readers) -> None:
    """Else a reader that refuses everything would pass."""
    (added,) = everyone.good["AddMutatie"]
    assert everyone.soap_add(Answer(added, 200, XML)).outcome == "accepted"
    for operation in READS:
        (answer,) = everyone.good[operation]
        assert everyone.soap_read(operation, Answer(answer, 200, XML)).outcome == "accepted"
    (orders,) = everyone.good["orders"]
    assert everyone.orders(Answer(orders, 200, JSON)).outcome == "accepted"
    for file in everyone.good["settlement"]:
        assert isinstance(read_settlement(file), SettlementFile)
        packed = Answer(gzip.compress(file))
        assert everyone.document(packed, is_gzip=True).outcome == "accepted"


def test_every_hostile_document_is_refused_or_quarantined_with_a_reason(everyone: Readers) -> None:
    run(everyone, range(len(FAMILIES)), seed=0)  # what is loaded once
    tally = run(everyone, range(SLICE), seed=1)
    assert tally.findings == []
    assert sum(tally.documents.values()) == SLICE
    assert tally.slowest[0] <= MOST_CPU_S, tally.slowest
    assert tally.grown_mb <= MOST_MEMORY_MB
    assert {family for family, outcome in tally.documents if outcome != "accepted"} == set(FAMILIES)


def test_a_settlement_cut_anywhere_before_its_last_amount_never_closes(everyone: Readers) -> None:
    for file in everyone.good["settlement"]:
        assert isinstance(read_settlement(file), SettlementFile)
        last = end_of_last_amount(file)
        for at in [*range(0, last, 37), *range(last - 120, last)]:
            read = read_settlement(file[:at])
            assert not isinstance(read, SettlementFile), f"cut at byte {at} of {len(file)}"


def test_a_settlement_cut_behind_its_last_amount_never_closes(everyone: Readers) -> None:
    """The sum is right, but the last row has lost its date, item and SKU."""
    file = everyone.good["settlement"][0]
    for at in range(end_of_last_amount(file), len(file) - 2):
        assert not isinstance(read_settlement(file[:at]), SettlementFile)


def test_half_a_character_in_one_order_does_not_stop_the_others(everyone: Readers) -> None:
    """JSON may hold `\\ud800`; no file, frame or envelope can."""
    page = json.loads(everyone.good["orders"][0])
    page["orders"][0]["orderItems"][0]["product"]["sellerSku"] = "A\ud800"
    verdict = everyone.orders(Answer(json.dumps(page).encode(), 200, JSON))
    assert verdict.outcome in ("accepted", "quarantined")


def test_a_gzip_bomb_is_stopped(everyone: Readers) -> None:
    bomb = Answer(gzip.compress(bytes(80 * 1024 * 1024), 9))
    verdict = everyone.document(bomb, is_gzip=True)
    assert verdict.outcome == "refused"
    assert "larger than is believable" in verdict.reason


def test_the_campaign_can_fail(everyone: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that takes any answer for a booking, or raises something else, is found."""
    monkeypatch.setattr("tests.hostile.readers._booked_number", lambda _answer: None)
    (added,) = everyone.good["AddMutatie"]
    with pytest.raises(Finding, match="does not prove"):
        everyone.soap_add(Answer(added, 200, XML))
    monkeypatch.setattr(Readers, "settlement", lambda *_: 1 / 0)
    tally = run(everyone, range(len(FAMILIES)), seed=1)
    assert {"settlement", "settlement_cut"} <= {family for _, family, _ in tally.findings}
