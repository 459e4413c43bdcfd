"""VAT numbers as the EU's public VIES REST interface answers about them.

A number that nobody set is valid when its format and check digits are right (python-stdnum), and
belongs to a company with a made-up name. Germany and Spain give no names, as in reality.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from stdnum.eu import vat as eu_vat

from coupling_sandbox.given import check_kind

_CODES = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
COUNTRIES = frozenset(_CODES.split())
MEMBER_STATE_ERRORS = (
    "MS_UNAVAILABLE",
    "MS_MAX_CONCURRENT_REQ",
    "GLOBAL_MAX_CONCURRENT_REQ",
    "SERVICE_UNAVAILABLE",
    "TIMEOUT",
)
_NO_NAMES = frozenset({"DE", "ES"})
_NOT_GIVEN = "---"


class ViesError(Exception):
    """VIES cannot answer; `code` is its own word for why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Registered:
    """What VIES knows of a number."""

    valid: bool
    name: str = _NOT_GIVEN
    address: str = _NOT_GIVEN


class Vies:
    """The register, changeable per number and per member state."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget every change."""
        self.numbers: dict[str, dict[str, Any]] = {}
        self.errors: dict[str, str] = {}
        self._consultations = 0

    def change(self, body: dict[str, Any]) -> None:
        """Take `{number: true | false | {valid, name, address} | {error}}`.

        A key of two letters is a member state: `{"DE": {"error": "MS_UNAVAILABLE"}}`; null
        mends it.
        """
        tidy = {key.upper().replace(" ", ""): value for key, value in body.items()}
        read = {key: _given(key, value) for key, value in tidy.items()}
        for key, given in read.items():
            self._change(key, given)

    def _change(self, key: str, given: dict[str, Any]) -> None:
        error = given.get("error")
        if len(key) == 2:
            self.errors.pop(key, None)
            if error:
                self.errors[key] = error
        elif given:
            self.numbers[key] = given
        else:
            self.numbers.pop(key, None)

    def look_up(self, country: str, number: str) -> Registered:
        """What the register says; raises ViesError when it cannot say."""
        digits = "".join(character for character in number.upper() if character.isalnum())
        if country not in COUNTRIES or not digits:
            raise ViesError("INVALID_INPUT")
        if country in self.errors:
            raise ViesError(self.errors[country])
        given = self.numbers.get(country + digits)
        if given is not None and "error" in given:
            raise ViesError(given["error"])
        if given is None:
            given = {"valid": eu_vat.is_valid(country + digits)}
        if not given.get("valid", True):
            return Registered(False)
        return _named(country, digits, given)

    def consultation_number(self) -> str:
        """The next number that proves a consultation; the real ones look like this."""
        self._consultations += 1
        return f"WAPIAAAAY{self._consultations:07X}"


def _given(key: str, value: Any) -> dict[str, Any]:
    """Return what is said of a number or of a member state; raise ValueError for what can't be."""
    if key[:2] not in COUNTRIES:
        raise ValueError(f"{key!r} begins with no member state of VIES")
    given = {"valid": value} if isinstance(value, bool) else ({} if value is None else value)
    check_kind(key, given, {})
    kinds = {"valid": True, "name": "", "address": "", "error": ""}
    unknown = sorted(set(given) - set(kinds))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; known: {', '.join(kinds)}")
    for name, one in given.items():
        check_kind(name, one, kinds[name])
    error = given.get("error")
    if error is not None and error not in MEMBER_STATE_ERRORS:
        raise ValueError(f"error {error!r} is none of {', '.join(MEMBER_STATE_ERRORS)}")
    if len(key) == 2 and given and error is None:
        raise ValueError(f"member state {key!r} takes an error or null")
    return given


def _named(country: str, digits: str, given: dict[str, Any]) -> Registered:
    made_up = _NOT_GIVEN if country in _NO_NAMES else f"Bedrijf {country}{digits}"
    street = _NOT_GIVEN if country in _NO_NAMES else f"Hoofdstraat {int(digits[-1], 36) + 1}"
    return Registered(True, given.get("name", made_up), given.get("address", street))


def render_check(
    given: dict[str, Any], found: Registered, consultation: str, now: dt.datetime
) -> dict[str, Any]:
    """The answer of `POST /check-vat-number`."""
    matches = ("name", "street", "postalCode", "city", "companyType")
    return {
        "countryCode": given["countryCode"],
        "vatNumber": given["vatNumber"],
        "requestDate": moment(now),
        "valid": found.valid,
        "requestIdentifier": consultation,
        "name": found.name,
        "address": found.address,
        "traderName": _NOT_GIVEN,
        "traderStreet": _NOT_GIVEN,
        "traderPostalCode": _NOT_GIVEN,
        "traderCity": _NOT_GIVEN,
        "traderCompanyType": _NOT_GIVEN,
        **{f"trader{one[0].upper()}{one[1:]}Match": "NOT_PROCESSED" for one in matches},
    }


def render_number(
    number: str, found: Registered | None, error: str, consultation: str, now: dt.datetime
) -> dict[str, Any]:
    """The answer of `GET /ms/{country}/vat/{number}`; an error stands in `userError`."""
    valid = found is not None and found.valid
    return {
        "isValid": valid,
        "requestDate": moment(now),
        "userError": error or ("VALID" if valid else "INVALID"),
        "name": found.name if found else _NOT_GIVEN,
        "address": found.address if found else _NOT_GIVEN,
        "requestIdentifier": consultation,
        "originalVatNumber": number,
        "vatNumber": "".join(character for character in number.upper() if character.isalnum()),
        "viesApproximate": {
            **dict.fromkeys(("name", "street", "postalCode", "city", "companyType"), _NOT_GIVEN),
            **dict.fromkeys(
                ("matchName", "matchStreet", "matchPostalCode", "matchCity", "matchCompanyType"), 3
            ),
        },
    }


def moment(now: dt.datetime) -> str:
    """A time as VIES writes it."""
    return now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
