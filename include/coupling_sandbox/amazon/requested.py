"""Reports that Amazon makes on request: which kinds exist and who writes them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coupling_sandbox.amazon.errors import SpApiRefusal
from coupling_sandbox.amazon.service import Asked


def requested_report(
    asked: Asked, kind: str, start: datetime, end: datetime, body: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Write a report; return (status, text), or None when there is no data for it.

    Raises:
        SpApiRefusal: 400 for a kind that can't be asked for.
    """
    raise SpApiRefusal("invalid_input", f"Report type {kind} is not allowed at this time")
