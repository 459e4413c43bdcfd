"""No secret and no person in any log, text of an error or representation, at any level."""

import logging
import traceback
from datetime import UTC, datetime

import pytest
from amazon_eboekhouden.adapters.amazon import AmazonSeller
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from amazon_eboekhouden.domain.errors import RemoteError

from tests.adapters.test_amazon import WINDOW, order
from tests.adapters.test_eboekhouden import CUSTOMER, INVOICE
from tests.adapters.world import (
    CODE_1,
    CODE_2,
    ONCE,
    QUICK,
    amazon_credentials,
    books_credentials,
)

FAULTS = ["http_500_html", "reset_mid_body", "malformed", "dtd", "soap_fault", "session_expired"]
PERSONS = ["Zoë", "Müller", "z@ex.nl"]


def said(caplog, errors):
    # The sandbox runs in this process; its own log of requests is not ours.
    ours = [one for one in caplog.records if not one.name.startswith(("uvicorn", "asyncio"))]
    texts = [logging.Formatter().format(one) for one in ours]
    for error in errors:
        texts += [repr(error), str(error), "".join(traceback.format_exception(error))]
    return "\n".join(texts)


def test_the_books_keep_their_secrets(books, caplog):
    caplog.set_level(logging.DEBUG)
    known, errors, outcomes = [], [], []
    session = EBoekhouden(books_credentials(books.url), patience=ONCE, on_secret=known.append)
    with session as one:
        outcomes.append(one.add(CUSTOMER, "AZB-1", deadline_s=5))
        for kind in FAULTS:
            books.fault("AddMutatie", kind)
            outcomes.append(one.add(INVOICE, "AZB-2", deadline_s=5))
            books.fault("GetRelaties", kind)
            try:
                one.relation("AMZ1")
            except RemoteError as error:
                errors.append(error)
    wrong = books_credentials(books.url, security_code_1="c" * 32)
    with EBoekhouden(wrong, patience=ONCE) as two, pytest.raises(RemoteError) as refused:
        two.open_items()
    assert len(errors) >= 4
    assert len(known) >= 2, "each session id is told to whoever masks"
    text = said(caplog, [*errors, refused.value]) + repr(session) + repr(wrong) + repr(outcomes)
    for secret in (CODE_1, CODE_2, CODE_2.strip("{}"), "c" * 32, *known, *PERSONS):
        assert secret not in text


def test_amazon_keeps_its_secrets(amazon, caplog):
    caplog.set_level(logging.DEBUG)
    buyer = {**order(1), "buyer": {"buyerName": "Zoë Müller", "buyerEmail": "z@ex.nl"}}
    amazon.control("orders", [buyer])
    amazon.control("seed", {"seed": 3, "orders": 20, "from": "2026-09-01", "to": "2026-09-30"})
    known, errors, links = [], [], []
    with AmazonSeller(amazon_credentials(amazon.url), patience=ONCE, on_secret=known.append) as one:
        assert one.search_orders(**WINDOW).orders
        report = one.settlement_reports(datetime(2026, 9, 1, tzinfo=UTC))[0]
        links.append(one.report_document(report.document_id))
        one.fetch_document(report.document_id)
        for kind in [*FAULTS[:4], "http_403_gateway", "expired_url"]:
            for operation in ("searchOrders", "document"):
                amazon.fault(operation, kind, times=None)
                try:
                    one.search_orders(**WINDOW)
                    one.fetch_document(report.document_id)
                except RemoteError as error:
                    errors.append(error)
                amazon.control("faults", [])
        representation = repr(one)
    wrong = amazon_credentials(amazon.url, lwa_client_secret="wr0ng", refresh_token="Atzr|wr0ng")
    with AmazonSeller(wrong, patience=QUICK) as two, pytest.raises(RemoteError) as refused:
        two.check_credentials()
    assert len(errors) >= 6
    assert known, "each access token is told to whoever masks"
    text = said(caplog, [*errors, refused.value]) + representation + repr(wrong) + repr(links)
    signature = links[0].url.partition("X-Amz-Signature=")[2]
    assert signature
    for secret in ("sandbox-secret", "Atzr|sandbox", "wr0ng", signature, *known, *PERSONS):
        assert secret not in text
    assert "X-Amz-Signature" not in text
