"""Codes of e-Boekhouden.nl: what each error code proves, which VAT codes and lengths exist.

The vendor's list of SOAP error codes is not public. Known real SOAP codes are `CREL001` and
`E0023`; the meaning of all others is taken from the vendor's REST list, which describes the same
bookkeeping engine. A SOAP code counts as such a rule when it ends in the rule's REST name
(`…MUT_005`). A code that is not in the reviewed table proves nothing.
"""

from __future__ import annotations

import re

SESSION_EXPIRED = frozenset({"E0023"})

# The number or code exists already; whose it is, only the books can tell.
DUPLICATE = frozenset(
    {"CREL001", "M006", "MUT_019", "MUT_020", "REL_049", "FACT_101", "LEDG_013", "MUTA_008"}
)

# Reviewed 2026-11: every rule below is checked by the engine before it books anything.
REFUSED_BEFORE_BOOKING = frozenset(
    {
        *(f"MUT_{n:03d}" for n in (1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)),
        *(f"MUT_{n:03d}" for n in (21, 22, 25, 26, 50, 100, 101, 104, 105, 106, 107, 108, 109)),
        *(f"MUT_{n:03d}" for n in (110, 111, 112, 113, 114, 115, 116, 117, 118, 120, 901)),
        *(f"MUTA_{n:03d}" for n in (1, 2, 3, 4, 5, 6, 7, 9)),
        *(f"REL_{n:03d}" for n in range(1, 49)),
        *(f"REL_{n:03d}" for n in (50, 51, 52, 54, 55, 56, 57)),
        *(f"LEDG_{n:03d}" for n in (1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19)),
        *(f"FACT_{n:03d}" for n in (2, 3, 7, 9, 13, 16, 18, 19)),
        *(f"FACT_ITEM_{n:03d}" for n in (2, 3, 4, 6, 7, 10, 12, 14)),
        *("FACT_SJAB_002", "FACT_EMAIL_001", "FACT_VERWERK_001", "FACT_VERWERK_002"),
        *(f"SECURITY_{n:03d}" for n in range(1, 12)),
        "MODULE_001",
        "MODULE_002",
    }
)

# The login is right, but nothing can be booked until a person acts at e-Boekhouden.
ACCOUNT_STATE = frozenset(
    {*(f"SECURITY_{n:03d}" for n in (4, 5, 6, 7, 8)), "MODULE_001", "MODULE_002"}
)

_REST_NAME = re.compile(r"(?:^|_)((?:MUTA?|REL|LEDG|FACT(?:_[A-Z]+)?|SECURITY|MODULE)_\d{3})$")

VAT_CODES = frozenset(
    {
        *("HOOG_VERK", "HOOG_VERK_21", "LAAG_VERK", "LAAG_VERK_9", "VERL_VERK", "VERL_VERK_L9"),
        *("AFW_VERK", "BU_EU_VERK", "BI_EU_VERK", "BI_EU_VERK_D", "AFST_VERK", "GEEN"),
        *("HOOG_INK", "HOOG_INK_21", "LAAG_INK", "LAAG_INK_9", "VERL_INK", "VERL_INK_L9"),
        *("VERL_INK_L", "AFW", "BU_EU_INK", "BI_EU_INK"),
    }
)


def meaning_of(code: str) -> str:
    """The rule's name in the reviewed tables: the REST name a code ends in, or the code itself."""
    found = _REST_NAME.search(code)
    return found.group(1) if found else code
