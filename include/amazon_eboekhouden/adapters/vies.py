"""VIES, the EU's register of VAT numbers: is a number valid now, with a number that proves it.

A consultation number is only given to whoever names itself. It is the proof of a sale at 0 %, so
it is kept with the invoice. When a member state doesn't answer, nothing is known: the order waits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from amazon_eboekhouden.adapters.http import BodyTooLarge, Browser, within
from amazon_eboekhouden.adapters.retrying import Patience, read_again
from amazon_eboekhouden.domain.errors import BadAnswer, CredentialsRefused, Refused, Unreachable

SERVICE = "VIES"
OPERATION = "check-vat-number"
URL = "https://ec.europa.eu/taxation_customs/vies/rest-api"

# The register writes Greece so; everybody else GR.
_OWN_SPELLING = {"GR": "EL"}
_NOT_GIVEN = "---"
_REFUSALS = frozenset({"INVALID_INPUT", "VAT_BLOCKED", "IP_BLOCKED"})


@dataclass(frozen=True, slots=True)
class VatNumberCheck:
    """What the register said.

    Attributes:
        vat_number: with its country, as asked.
        valid: whether it is registered for trade inside the EU.
        consultation_number: proves the check; "" if the asker was not named.
        checked_utc: when the register answered.
        name, address: of the owner; "" where the member state keeps them to itself.
    """

    vat_number: str
    valid: bool
    consultation_number: str
    checked_utc: datetime
    name: str = field(default="", repr=False)
    address: str = field(default="", repr=False)


class Vies:
    """Asks the register.

    Args:
        requester: the seller's own VAT number with its country, such as NL123456789B01.
        url: base address of the register.
        deadline_s: total seconds of a check.
        patience: how often a check is tried.
    """

    def __init__(
        self,
        requester: str,
        *,
        url: str = URL,
        deadline_s: float = 30.0,
        patience: Patience | None = None,
    ) -> None:
        self._requester = _plain(requester)
        self._url = url.rstrip("/")
        self._deadline_s = deadline_s
        self._patience = patience or Patience()

    def check(self, vat_number: str) -> VatNumberCheck:
        """Ask about a VAT number that begins with its country.

        Raises:
            Unreachable: the register or the member state doesn't answer.
            Refused: it won't say anything about this number.
            CredentialsRefused: the seller's own number is wrong.
        """
        number = _plain(vat_number)
        answer = read_again(lambda: self._asked(number), self._patience)
        valid = answer.get("valid")
        if not isinstance(valid, bool):
            raise BadAnswer(SERVICE, OPERATION, "the answer doesn't say whether it is valid")
        return VatNumberCheck(
            vat_number=number,
            valid=valid,
            consultation_number=_text(answer.get("requestIdentifier")),
            checked_utc=_moment(answer.get("requestDate")),
            name=_text(answer.get("name")),
            address=_text(answer.get("address")),
        )

    def _asked(self, number: str) -> dict[str, Any]:
        country, digits = _parts(number)
        question = {"countryCode": country, "vatNumber": digits}
        if self._requester:
            own_country, own_digits = _parts(self._requester)
            question |= {
                "requesterMemberStateCode": own_country,
                "requesterNumber": own_digits,
            }
        browser = Browser(largest_body=1024 * 1024)
        try:
            with within(self._deadline_s):
                response = browser.request(
                    "POST",
                    f"{self._url}/{OPERATION}",
                    content=json.dumps(question),
                    headers={"content-type": "application/json"},
                )
        except httpx.HTTPError as error:
            raise Unreachable(SERVICE, OPERATION, type(error).__name__) from error
        except BodyTooLarge as error:
            raise BadAnswer(SERVICE, OPERATION, str(error)) from error
        finally:
            browser.close()
        return _judged(response)


def _judged(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        if response.status_code == 200:
            raise BadAnswer(SERVICE, OPERATION, "the answer is no JSON object")
        raise Unreachable(SERVICE, OPERATION, f"HTTP status {response.status_code}")
    code = _error(body)
    if code == "INVALID_REQUESTER_INFO":
        raise CredentialsRefused(
            SERVICE, OPERATION, "it does not know the seller's own VAT number", field="vat_number"
        )
    if code in _REFUSALS:
        raise Refused(SERVICE, OPERATION, f"it refused with {code}", code=code)
    if code or response.status_code != 200:
        raise Unreachable(
            SERVICE, OPERATION, code or f"HTTP status {response.status_code}", code=code
        )
    return body


def _error(body: dict[str, Any]) -> str:
    errors = body.get("errorWrappers")
    first = errors[0] if isinstance(errors, list) and errors else {}
    return str(first.get("error") or "") if isinstance(first, dict) else ""


def _plain(vat_number: str) -> str:
    return "".join(letter for letter in vat_number.upper() if letter.isalnum())


def _parts(vat_number: str) -> tuple[str, str]:
    country = vat_number[:2]
    return _OWN_SPELLING.get(country, country), vat_number[2:]


def _text(value: Any) -> str:
    text = str(value or "").strip()
    return "" if text == _NOT_GIVEN else text


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadAnswer(SERVICE, OPERATION, "the answer bears no time") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
