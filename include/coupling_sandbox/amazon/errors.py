"""Amazon's refusals: every code, text and header in one place.

Sources: recorded answers of the real service where marked [rec]; Amazon's models and published
issue threads else (see COVERAGE.md). Texts that no source gives are the sandbox's own wording.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from starlette.responses import Response

from coupling_sandbox.faults import Answer, Call

# LWA: error → (description, name in the X-Amzn-Errortype header).
LOGIN_ERRORS: dict[str, tuple[str, str]] = {
    "unsupported_grant_type": (  # [rec]
        "The authorization grant type is not supported by the authorization server",
        "OA2UnsupportedGrantTypeException",
    ),
    "invalid_grant": (
        "The request has an invalid grant parameter : refresh_token",
        "OA2InvalidGrantException",
    ),
    "invalid_client": ("Client authentication failed", "OA2InvalidClientException"),
    "invalid_request": (
        "The request is missing a required parameter : {parameter}",
        "OA2InvalidRequestException",
    ),
}

# Kind of refusal → (status, code, message).
REFUSALS: dict[str, tuple[int, str, str]] = {
    "unauthorized": (403, "Unauthorized", "Access to requested resource is denied."),  # [rec]
    "quota": (429, "QuotaExceeded", "You exceeded your quota for the requested resource."),  # [rec]
    "report_not_found": (  # [rec]
        404,
        "NotFound",
        "One or more of the provided ReportRequestIds could not be found.",
    ),
    "not_found": (404, "NotFound", "The requested resource doesn't exist."),
    "invalid_input": (400, "InvalidInput", "Invalid Input"),
    "page_token": (
        400,
        "InvalidInput",
        "The paginationToken you have submitted is not valid. All parameters must match the "
        "original request except maxResultsPerPage.",
    ),
    "list_only_report": (
        400,
        "InvalidInput",
        "Request for report type 1118 is not allowed at this time",
    ),
    "cannot_cancel": (400, "InvalidInput", "The report can no longer be cancelled."),
}


class SpApiRefusal(Exception):
    """The service says no.

    Args:
        kind: a key of ``REFUSALS``.
        message: replaces the text of the table.
        details: Amazon's third field; absent when None.
    """

    def __init__(self, kind: str, message: str | None = None, details: str | None = None) -> None:
        self.kind = kind
        self.status, self.code, standard = REFUSALS[kind]
        self.message = message or standard
        self.details = details
        super().__init__(f"{self.code}: {self.message}")

    def body(self) -> dict[str, Any]:
        """Return the ``errors`` document."""
        error = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return {"errors": [error]}


def gateway_headers() -> dict[str, str]:
    """Headers that every answer of the API's gateway carries [rec]."""
    request_id = str(uuid.uuid4())
    return {
        "X-Amz-Rid": uuid.uuid4().hex[:20].upper(),
        "X-Amzn-RequestId": request_id,
        "X-Amz-Apigw-Id": uuid.uuid4().hex[:15],
        "X-Amzn-Trace-Id": f"Root=1-{request_id[:8]}-{request_id.replace('-', '')[8:32]}",
        "Vary": "Content-Type,Accept-Encoding,User-Agent",
        "Strict-Transport-Security": "max-age=47474747; includeSubDomains; preload",
    }


def pretty(document: Mapping[str, Any]) -> bytes:
    """Write an errors document the way Amazon does: indented by two [rec]."""
    return json.dumps(document, indent=2).encode()


def refusal_response(refusal: SpApiRefusal, rate: str | None) -> Response:
    """Answer a refusal; ``rate`` is the operation's limit, which a 403 and a 429 don't show."""
    body = pretty(refusal.body())
    headers = gateway_headers()
    if refusal.kind == "unauthorized":
        # [rec] refused at the door: neither request id nor content type.
        for name in ("X-Amzn-RequestId", "X-Amz-Apigw-Id", "X-Amzn-Trace-Id"):
            del headers[name]
        return Response(body, refusal.status, headers)
    if refusal.kind == "quota":
        headers["X-Amzn-Errortype"] = "TooManyRequestsException"
    if rate is not None:
        headers["X-Amzn-RateLimit-Limit"] = rate
    return Response(body, refusal.status, headers, media_type="application/json")


def login_refusal(error: str, parameter: str = "") -> Response:
    """Answer a refused login the way Login with Amazon does [rec]."""
    description, exception = LOGIN_ERRORS[error]
    body = {
        "error_index": uuid.uuid4().hex * 5,
        "error_description": description.format(parameter=parameter),
        "error": error,
        "request_id": str(uuid.uuid4()),
    }
    kind = f"{exception}:http://internal.amazon.com/coral/com.amazon.panda/"
    headers = {**login_headers(), "X-Amzn-Errortype": kind}
    status = 401 if error == "invalid_client" else 400
    return Response(json.dumps(body, separators=(",", ":")), status, headers)


def login_headers() -> dict[str, str]:
    """Headers of every answer of Login with Amazon [rec]."""
    return {
        "Content-Type": "application/json;charset=UTF-8",
        "X-Amz-Rid": uuid.uuid4().hex[:20].upper(),
        "X-Amzn-RequestId": str(uuid.uuid4()),
        "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache",
        "Vary": "Content-Type,Accept-Encoding,User-Agent",
        "Strict-Transport-Security": "max-age=47474747; includeSubDomains; preload",
        "X-Amz-Date": format_datetime(datetime.now(UTC), usegmt=True),
    }


STORAGE_ERRORS = {
    "expired": ("AccessDenied", "Request has expired"),  # [rec]
    "signature": (
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
    ),
    "no_key": ("NoSuchKey", "The specified key does not exist."),
}


def storage_refusal(kind: str, extra: str = "") -> Response:
    """Answer a document request the way S3 refuses it: XML, no API headers [rec]."""
    code, message = STORAGE_ERRORS[kind]
    request_id, host_id = uuid.uuid4().hex[:16].upper(), uuid.uuid4().hex * 2
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message>{extra}"
        f"<RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>"
    )
    headers = {"X-Amz-Request-Id": request_id, "X-Amz-Id-2": host_id}
    status = 404 if kind == "no_key" else 403
    return Response(body, status, headers, media_type="application/xml")


def _raw(response: Response) -> Answer:
    return Answer(response.status_code, list(response.raw_headers), bytes(response.body))


def fault_429(call: Call) -> Answer:
    """What a throttled call looks like when a fault throttles it."""
    if call.operation == "token":
        return _raw(Response('{"message":"Too Many Requests"}', 429, login_headers()))
    return _raw(refusal_response(SpApiRefusal("quota", details=""), None))
