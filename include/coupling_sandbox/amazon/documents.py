"""The storage of reports: addresses that live five minutes, and bytes as they were given."""

import gzip
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from coupling_sandbox.amazon.errors import SpApiRefusal, storage_refusal
from coupling_sandbox.amazon.service import Amazon, Asked
from coupling_sandbox.amazon.shop import Document, Report
from coupling_sandbox.clock import Clock

SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
URL_LIFE_S = 300
_SIGNING_KEY = secrets.token_bytes(32)


async def get_report_document(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /reports/2021-06-30/documents/{reportDocumentId}``."""
    document_id = asked.request.path_params["document_id"]
    document = asked.amazon.shop.document(document_id)
    if document is None or document.seller != asked.seller:
        raise SpApiRefusal("report_not_found")
    # The client library sends a mangled Host header; the socket knows better.
    host, port = asked.request.scope["server"]
    encoded = asked.one("enableContentEncodingUrlHeader") == "true" and document.gzip
    born = asked.now - timedelta(seconds=URL_LIFE_S + 1 if asked.fault == "expired_url" else 0)
    query = signed_query(document_id, born, encoded)
    answer = {
        "reportDocumentId": document_id,
        "url": f"http://{host}:{port}/documents/{document_id}?{query}",
    }
    if document.gzip:
        answer["compressionAlgorithm"] = "GZIP"
    return answer


def signed_query(document_id: str, born: datetime, encoded: bool) -> str:
    """Return the query of a presigned address: readable five minutes from ``born``."""
    values = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": born.strftime("%Y%m%dT%H%M%SZ"),
        "X-Amz-Expires": str(URL_LIFE_S),
    }
    if encoded:
        values["response-content-encoding"] = "gzip"
    return urlencode({**values, "X-Amz-Signature": _signature(document_id, values)})


def _signature(document_id: str, values: Mapping[str, str]) -> str:
    text = f"{document_id}?{urlencode(sorted(values.items()))}"
    return hmac.new(_SIGNING_KEY, text.encode(), hashlib.sha256).hexdigest()


def download(amazon: Amazon, clock: Clock, request: Request) -> Response:
    """Hand out a document to whoever holds a fresh address; no API token is looked at."""
    document_id = request.path_params["document_id"]
    values = dict(request.query_params)
    signature = values.pop("X-Amz-Signature", "")
    if not hmac.compare_digest(signature, _signature(document_id, values)):
        return storage_refusal("signature")
    born = datetime.strptime(values["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    until, now = born + timedelta(seconds=URL_LIFE_S), clock.now()
    if now > until or request.scope["sandbox.call"].fault == "expired_url":
        times = (
            f"<X-Amz-Expires>{URL_LIFE_S}</X-Amz-Expires>"
            f"<Expires>{until:%Y-%m-%dT%H:%M:%SZ}</Expires>"
            f"<ServerTime>{now:%Y-%m-%dT%H:%M:%SZ}</ServerTime>"
        )
        return storage_refusal("expired", times)
    document = amazon.shop.document(document_id)
    if document is None:
        return storage_refusal("no_key")
    body = gzip.compress(document.body, mtime=0) if document.gzip else document.body
    headers = {
        "X-Amz-Request-Id": secrets.token_hex(8).upper(),
        "X-Amz-Id-2": secrets.token_urlsafe(56),
        "Last-Modified": format_datetime(born, usegmt=True),
        "Etag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
        "X-Amz-Server-Side-Encryption": "aws:kms",
        "Content-Encoding": values.get("response-content-encoding", "identity"),
        "Accept-Ranges": "bytes",
        "Content-Type": document.content_type,
    }
    return Response(body, 200, headers)


def store_document(
    amazon: Amazon, seller: str, body: bytes, charset: str, compressed: bool | None = None
) -> str:
    """Store a document's bytes; return its id. ``charset`` "" declares none."""
    document_id = f"amzn1.spdoc.1.4.eu.{secrets.token_hex(16)}.T{amazon.shop.serial():010d}"
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    packed = amazon.options.document_gzip if compressed is None else compressed
    amazon.shop.put_document(Document(document_id, seller, kind, packed, body))
    return document_id


def publish(
    amazon: Amazon,
    seller: str,
    body: bytes,
    report: Report,
    charset: str | None = None,
    compressed: bool | None = None,
) -> str:
    """Store a finished report with its document; return its document's id."""
    declared = amazon.options.document_charset if charset is None else charset
    document_id = store_document(amazon, seller, body, declared, compressed)
    ready = replace(report, document_id=document_id)
    amazon.shop.put_report(seller, ready)
    if amazon.options.duplicate_settlements and report.type == SETTLEMENTS:
        amazon.shop.put_report(seller, replace(ready, report_id=f"9{report.report_id}"))
    return document_id
