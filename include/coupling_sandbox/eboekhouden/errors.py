"""The one table of error codes of the e-Boekhouden sandbox.

The vendor's list of SOAP codes could not be consulted. Two real codes are known from clients that
ran against the live service: `E0023` (session expired) and `CREL001` (relation code in use). Every
other code here is **assigned by this sandbox**: `SBX_` and then the code that the same rule of the
same bookkeeping engine has in the vendor's REST interface (`SBX_MUT_005` means what REST calls
MUT_005), or a word where REST has none. To drop in a real code, change `wire` in its row.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One refusal: its code on the wire, its meaning, and where the meaning is known from."""

    key: str
    wire: str
    text: str
    source: str


_REST = "REST error list of the vendor"
_OWN = "this sandbox (the vendor's code is unknown)"


def _row(key: str, text: str, wire: str = "", source: str = _REST) -> ErrorCode:
    return ErrorCode(key, wire or f"SBX_{key}", text, source)


# The number of REST's REL_… code for each field of a relation that can be too long.
TOO_LONG_RELATION_FIELDS = {
    3: "Bedrijf",
    6: "Code",
    9: "Contactpersoon",
    10: "Aanhef",
    11: "Adres",
    12: "Postcode",
    13: "Plaats",
    14: "Land",
    15: "Adres2",
    16: "Postcode2",
    17: "Plaats2",
    18: "Land2",
    19: "Telefoon",
    20: "GSM",
    21: "FAX",
    22: "Email",
    28: "Site",
    29: "IBAN",
    32: "BIC",
    35: "BTWNummer",
    **{36 + number: f"Def{number}" for number in range(1, 11)},
    50: "KvkNummer",
}
_TOO_LONG_INVOICE_FIELDS = {
    "FACT_SJAB_002": "Factuursjabloon",
    "FACT_ITEM_003": "Code van de factuurregel",
    "FACT_INCASSO_004": "IncassoMachtigingID",
    "FACT_INCASSO_009": "IncassoIBAN",
    "FACT_INCASSO_011": "IncassoTnv",
    "FACT_INCASSO_012": "IncassoPlaats",
    "FACT_INCASSO_013": "IncassoOmschrijvingRegel1",
    "FACT_INCASSO_014": "IncassoOmschrijvingRegel2",
    "FACT_INCASSO_015": "IncassoOmschrijvingRegel3",
    "FACT_VERWERK_002": "BoekhoudmutatieOmschrijving",
}

_ROWS = (
    # Sessions and the state of the account
    _row("SESSION", "Sessie is verlopen of ongeldig.", "E0023", "sallandpioneers/go-eboekhouden"),
    _row("SECURITY_010", "Gebruikersnaam of beveiligingscode is onjuist."),
    _row("SECURITY_003", "Geen toegang tot de gevraagde administratie."),
    _row("SECURITY_004", "De administratie is niet geactiveerd."),
    _row("SECURITY_005", "De administratie is niet beschikbaar wegens een betalingsachterstand."),
    _row("SECURITY_007", "De periode is door uw accountant afgesloten."),
    _row("MODULE_001", "De limiet van de gratis proefperiode is bereikt."),
    _row("SOURCE", "Source ontbreekt.", source="required mark of one client"),
    _row(
        "CALLS", "Het maximum aantal aanroepen van GetMutaties per maand is bereikt.", source=_OWN
    ),
    # Fields of any kind
    _row(
        "LENGTH", "Een veld is te lang.", source="field limits in clients written from the manual"
    ),
    _row("DESCRIPTION", "Omschrijving is verplicht.", source="required mark of the manual"),
    # Mutation: header
    _row("MUT_001", "De soort mutatie is ongeldig."),
    _row("MUT_002", "Factuurnummer ontbreekt."),
    _row("MUT_003", "Datum ontbreekt."),
    _row("MUT_004", "Datum is ongeldig (1980 t/m 2049)."),
    _row("MUT_005", "De periode is afgesloten."),
    _row("MUT_007", "Onbekende grootboekrekening."),
    _row("MUT_009", "De categorie van de rekening is niet toegestaan bij deze soort mutatie."),
    _row("MUT_010", "De rekening moet van de categorie crediteuren zijn."),
    _row("MUT_011", "De rekening moet van de categorie debiteuren zijn."),
    _row("MUT_012", "Relatie ontbreekt."),
    _row("MUT_013", "Relatie bestaat niet."),
    _row("MUT_014", "Een relatie is niet toegestaan bij deze soort mutatie."),
    _row("MUT_015", "De betalingstermijn is ongeldig of ontbreekt."),
    _row("MUT_016", "Een betalingstermijn is niet toegestaan bij deze soort mutatie."),
    _row("MUT_017", "InExBTW moet IN of EX zijn."),
    _row("MUT_018", "Factuurnummer is te lang."),
    _row("MUT_019", "Factuurnummer bestaat al."),
    _row("MUT_020", "De combinatie van relatie en factuurnummer bestaat al."),
    _row("MUT_022", "De datum moet na de datum van de openingsbalans liggen."),
    _row("MUT_026", "Bij inkopen met verlegde btw moet InExBTW EX zijn."),
    # Mutation: rows
    _row("MUT_100", "De mutatie heeft geen regels."),
    _row("MUT_101", "De mutatie heeft te veel regels."),
    _row("MUT_104", "Onbekende tegenrekening."),
    _row("MUT_106", "De categorie van de tegenrekening is niet toegestaan."),
    _row("MUT_107", "De tegenrekening moet van de categorie crediteuren zijn."),
    _row("MUT_108", "De tegenrekening moet van de categorie debiteuren zijn."),
    _row("MUT_109", "Onbekende btw-code."),
    _row("MUT_110", "De btw-code moet een inkoopcode zijn."),
    _row("MUT_111", "De btw-code moet een verkoopcode zijn."),
    _row("MUT_115", "Factuur niet gevonden."),
    _row("MUT_116", "Een factuurnummer is niet toegestaan bij deze soort mutatie."),
    _row("MUT_117", "Kostenplaats bestaat niet."),
    _row("MUT_118", "De bedragen van een regel zijn niet in balans."),
    _row("MUTA_003", "Een btw-bedrag is niet toegestaan bij deze btw-code."),
    _row("VAT_AMOUNT", "Het btw-bedrag past niet bij de btw-code.", source=_OWN),
    _row("PAYMENT_NEGATIVE", "Een negatieve factuurbetaling is niet toegestaan.", source=_OWN),
    _row("PAYMENT_PARTIAL", "Een gedeeltelijke betaling is niet toegestaan.", source=_OWN),
    _row("PAYMENT_OVER", "Er wordt meer betaald dan er openstaat.", source=_OWN),
    _row("ZERO_TOTAL", "Het totaal van de mutatie is nul.", source=_OWN),
    _row("AMOUNT", "Een bedrag is te groot.", source=_OWN),
    # Ledger accounts
    _row("LEDG_001", "Code ontbreekt."),
    _row("LEDG_002", "Code is te lang."),
    _row("LEDG_003", "Omschrijving ontbreekt."),
    _row("LEDG_004", "Omschrijving is te lang."),
    _row("LEDG_011", "Grootboekrekening bestaat niet."),
    _row("LEDG_013", "De code van de grootboekrekening bestaat al."),
    _row("LEDG_014", "De categorie van een rekening met boekingen kan niet worden gewijzigd."),
    _row("LEDG_016", "Er moet van elke categorie minstens een grootboekrekening zijn."),
    _row("LEDG_018", "De categorie is niet toegestaan."),
    # Relations
    _row(
        "REL_049", "De relatiecode is al in gebruik.", "CREL001", "sallandpioneers/go-eboekhouden"
    ),
    _row("REL_001", "BP moet B of P zijn."),
    _row("REL_002", "Bedrijf is verplicht."),
    _row("REL_004", "Geslacht moet m, v of a zijn."),
    _row("REL_005", "De relatiecode ontbreekt of is ongeldig."),
    *(
        _row(f"REL_{number:03d}", f"{name} is te lang.")
        for number, name in TOO_LONG_RELATION_FIELDS.items()
    ),
    _row("REL_048", "De grootboekrekening van de relatie bestaat niet."),
    _row("REL_055", "Relatie bestaat niet."),
    # Invoicing module
    _row("FACT_002", "Relatie bestaat niet."),
    _row("FACT_007", "Factuurnummer is te lang."),
    _row("FACT_009", "Factuurnummer moet op een cijfer eindigen."),
    _row("FACT_013", "De factuurdatum ligt buiten het bereik (1980 t/m 2049)."),
    _row("FACT_016", "De betalingstermijn ligt buiten het bereik."),
    _row("FACT_018", "Factuursjabloon bestaat niet."),
    _row("FACT_019", "De factuur heeft geen regels."),
    _row("FACT_101", "Factuurnummer is al in gebruik."),
    _row("FACT_EMAIL_001", "De relatie heeft geen e-mailadres."),
    *(_row(key, f"{name} is te lang.") for key, name in _TOO_LONG_INVOICE_FIELDS.items()),
    _row("FACT_INCASSO_002", "De soort machtiging moet E of D zijn."),
    _row("FACT_INCASSO_003", "De machtiging ontbreekt."),
    _row("FACT_INCASSO_008", "Het IBAN ontbreekt."),
    _row(
        "FACT_ITEM_CODE",
        "Code van de factuurregel ontbreekt.",
        source="required mark of the manual",
    ),
    _row("FACT_ITEM_006", "De btw-code van de factuurregel ontbreekt."),
    _row("FACT_ITEM_007", "De tegenrekening van de factuurregel ontbreekt."),
    _row("FACT_ITEM_010", "De eenheid bestaat niet."),
    _row("FACT_ITEM_012", "De tegenrekening van de factuurregel bestaat niet."),
    _row("FACT_ITEM_014", "De btw-code van de factuurregel is ongeldig."),
    _row("FACT_VERWERK_001", "De factuurdatum ligt in een afgesloten periode."),
)

ERRORS: dict[str, ErrorCode] = {row.key: row for row in _ROWS}


class BooksError(Exception):
    """The books refuse an operation; nothing was changed.

    Args:
        key: a key of `ERRORS`.
        detail: what in the request is wrong, appended to the text.
    """

    def __init__(self, key: str, detail: str = "") -> None:
        self.row = ERRORS[key]
        self.detail = detail
        super().__init__(self.description)

    @property
    def code(self) -> str:
        """The code as it goes over the wire."""
        return self.row.wire

    @property
    def description(self) -> str:
        """The Dutch text as it goes over the wire."""
        return f"{self.row.text} {self.detail}".strip()
