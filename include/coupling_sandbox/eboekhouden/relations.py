"""The relations (customers and suppliers) of one administration.

A relation is a dict with the 42 fields of cRelatie, as it goes over the wire.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from coupling_sandbox.eboekhouden.chart import Chart
from coupling_sandbox.eboekhouden.errors import TOO_LONG_RELATION_FIELDS, BooksError
from coupling_sandbox.eboekhouden.schema import TYPES

Relation = dict[str, Any]

TEXT_FIELDS = tuple(f.name for f in TYPES["cRelatie"].fields if f.type == "string")

_SHORT_FIELDS = (
    "Postcode Plaats Land Postcode2 Plaats2 Land2 Telefoon GSM FAX Site BTWNummer KvkNummer "
    "Aanhef IBAN BIC"
)
LENGTHS = {
    **dict.fromkeys(("Bedrijf", *(f"Def{n}" for n in range(1, 11))), 100),
    **dict.fromkeys(("Contactpersoon", "Adres", "Adres2", "Email"), 150),
    **dict.fromkeys(_SHORT_FIELDS.split(), 50),
    "Code": 15,
}
_SEARCHED = ("Code", "Bedrijf", "Plaats", "Contactpersoon", "Email")


class Relations:
    """Relations by code and by id."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._by_code: dict[str, Relation] = {}
        self._by_id: dict[int, Relation] = {}

    def __iter__(self) -> Iterator[Relation]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, code: str) -> Relation | None:
        """The relation with a code, or None."""
        return self._by_code.get(code)

    def by_id(self, relation_id: int) -> Relation | None:
        """The relation with an id, or None."""
        return self._by_id.get(relation_id)

    def add(self, given: Relation, today: dt.date) -> Relation:
        """Add a relation; its id is assigned here.

        Raises:
            BooksError: REL_049 (wire code CREL001) when the code is in use; a field that is wrong.
        """
        relation = {**given, **{name: given.get(name) or "" for name in TEXT_FIELDS}}
        self._check(relation)
        if relation["Code"] in self._by_code:
            raise BooksError("REL_049", f"({relation['Code']})")
        relation["ID"] = len(self._by_id) + 1
        relation["BP"] = relation["BP"] or "B"
        if relation.get("AddDatum", dt.date.min) == dt.date.min:
            relation["AddDatum"] = today
        self._by_id[relation["ID"]] = self._by_code[relation["Code"]] = relation
        return relation

    def update(self, given: Relation) -> None:
        """Change a relation, found by id or else by code.

        A text that arrives empty blanks the field; one that does not arrive leaves it alone.
        """
        relation = self._by_id.get(given["ID"]) or self._by_code.get(given["Code"] or "")
        if relation is None:
            raise BooksError("REL_055", f"({given['ID'] or given['Code'] or 'leeg'})")
        sent = {name: value for name, value in given.items() if value is not None and name != "ID"}
        if sent.get("AddDatum") == dt.date.min:
            del sent["AddDatum"]
        changed = {**relation, **sent}
        self._check(changed)
        if changed["Code"] != relation["Code"]:
            if changed["Code"] in self._by_code:
                raise BooksError("REL_049", f"({changed['Code']})")
            del self._by_code[relation["Code"]]
        relation.update(changed)
        self._by_code[relation["Code"]] = relation

    def find(self, *, keyword: str = "", code: str = "", relation_id: int = 0) -> list[Relation]:
        """Relations by id, exact code, or a keyword in code, name, city, contact or e-mail."""
        if relation_id:
            found = [self._by_id[relation_id]] if relation_id in self._by_id else []
        elif code:
            found = [self._by_code[code]] if code in self._by_code else []
        else:
            found = list(self)
        if code:
            found = [relation for relation in found if relation["Code"] == code]
        if keyword:
            wanted = keyword.casefold()
            found = [r for r in found if any(wanted in r[f].casefold() for f in _SEARCHED)]
        return found

    def _check(self, relation: Relation) -> None:
        for number, name in TOO_LONG_RELATION_FIELDS.items():
            if len(relation[name]) > LENGTHS[name]:
                limit = f"({name}: maximaal {LENGTHS[name]} tekens)"
                raise BooksError(f"REL_{number:03d}", limit)
        if not relation["Code"].strip():
            raise BooksError("REL_005")
        if not relation["Bedrijf"].strip():
            raise BooksError("REL_002")
        if relation["BP"] not in ("", "B", "P"):
            raise BooksError("REL_001", f"({relation['BP']})")
        if relation["Geslacht"] not in ("", "m", "v", "a"):
            raise BooksError("REL_004", f"({relation['Geslacht']})")
        account_id = relation.get("Gb_ID", 0)
        if account_id and self._chart.by_id(account_id) is None:
            raise BooksError("REL_048", f"({account_id})")
