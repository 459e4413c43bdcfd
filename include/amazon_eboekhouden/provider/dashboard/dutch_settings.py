"""Settings and ledger accounts in Dutch, with the words of the bookkeeping program's manual."""

from __future__ import annotations

from collections.abc import Mapping

# Key of an account role to what stands on it.
MEANINGS: Mapping[str, str] = {
    "bank": "De bankrekening waarop Amazon uitbetaalt",
    "card": "De creditcard waarvan Amazon een tekort afschrijft",
    "clearing.EUR": "Tussenrekening Amazon: na elke afrekening 0,00",
    "clearing.GBP": "Tussenrekening voor afrekeningen in Britse ponden",
    "clearing.PLN": "Tussenrekening voor afrekeningen in zloty",
    "clearing.SEK": "Tussenrekening voor afrekeningen in Zweedse kronen",
    "clearing.other": "Tussenrekening voor andere valuta",
    "reserve": "Geld dat Amazon nog vasthoudt",
    "transit": "Kruispost: uitbetaald door Amazon, nog niet op de bank",
    "suspense": "Wat iemand nog moet uitzoeken",
    "before_go_live": "Afrekening van bestellingen van voor de ingangsdatum",
    "fee_accrual": "Kosten waarvan Amazons factuur nog moet komen",
    "revenue": "Omzet tegen 21 %",
    "revenue_low": "Omzet tegen 9 %",
    "revenue_zero": "Omzet tegen 0 %",
    "revenue_oss": "Omzet aan consumenten in de EU (OSS)",
    "revenue_registered": "Omzet in landen met een eigen btw-nummer",
    "revenue_icp": "Omzet aan bedrijven in de EU (btw verlegd)",
    "revenue_amazon_business": "Omzet aan Amazon Business EU",
    "revenue_export": "Omzet buiten de EU",
    "revenue_facilitator": "Omzet waarover Amazon zelf de btw afdraagt",
    "revenue_foreign_stock": "Omzet uit voorraad in het buitenland",
    "shipping": "Verzendkosten met Nederlandse btw",
    "shipping_untaxed": "Verzendkosten zonder Nederlandse btw",
    "gift_wrap": "Cadeauverpakking",
    "payment_costs": "Betaalkosten die de koper betaalt",
    "discounts": "Kortingen",
    "reimbursements": "Vergoedingen van Amazon",
    "fee_referral": "Verkoopcommissie",
    "fee_fba": "FBA-verzendkosten",
    "fee_storage": "FBA-opslagkosten",
    "fee_advertising": "Advertentiekosten",
    "fee_subscription": "Abonnement",
    "fee_labels": "Verzendlabels van Amazon",
    "fee_refund_admin": "Kosten van terugbetalingen",
    "fee_other": "Overige kosten van Amazon",
    "left_over": "Openstaande posten die naar kosten gaan",
    "differences": "Betalingsverschillen van centen",
    "exchange_differences": "Koersverschillen",
}
# Setting to its name in the form.
LABELS: Mapping[str, str] = {
    "name": "Naam van de koppeling",
    "mode": "Stand",
    "seller.connection": "Verbinding Amazon Selling Partner (Connectie ID)",
    "books.connection": "Verbinding e-Boekhouden (Connectie ID)",
    "seller.marketplaces": "Marktplaatsen",
    "seller.stock_in": "Landen met FBA-voorraad (leeg: u verzendt zelf)",
    "seller.vat.scheme": "Btw-regeling",
    "seller.vat.oss": "OSS (verkoop aan consumenten in de EU)",
    "books.go_live": "Ingangsdatum: wat eerder verzonden is, wordt niet geboekt",
    "books.relations": "Relaties",
    "settlement.method": "Afrekening verwerken",
    "settlement.fee_vat": "Btw op Amazons kosten",
    "settlement.approval": "Goedkeuren van afrekeningen",
}
# Value of a setting to what it is called in the form.
VALUES: Mapping[str, Mapping[str, str]] = {
    "mode": {"live": "boeken", "preview": "proef: alles behalve boeken"},
    "seller.vat.scheme": {
        "normal": "gewoon btw-plichtig",
        "kor": "kleineondernemersregeling (KOR)",
    },
    "seller.vat.oss": {"true": "ja", "false": "nee"},
    "books.relations": {
        "per_buyer": "per koper waar Amazon hem noemt, anders per land",
        "per_country": "één per land",
    },
    "settlement.method": {
        "clearing": "via de tussenrekening: facturen, kosten en uitbetaling elk apart",
        "open_items_to_costs": "zoals de handleiding: openstaande posten naar kosten",
    },
    "settlement.fee_vat": {
        "by_rule": "volgens de vaste regels",
        "by_invoice": "volgens Amazons kostenfactuur",
    },
    "settlement.approval": {
        "first_then_automatic": "de eerste keer vragen, daarna vanzelf",
        "required": "elke keer vragen",
        "automatic": "nooit vragen",
    },
}
# Kind of sale to what a bookkeeper calls it.
SALES: Mapping[str, str] = {
    "S0": "Kleineondernemersregeling",
    "S1": "Amazon Business EU, binnen Nederland",
    "S1-ICP": "Amazon Business EU, ander EU-land",
    "S2": "Amazon draagt de btw af, vanuit Nederland",
    "S2-OUTSIDE": "Amazon draagt de btw af, van elders",
    "S3": "Binnenlands vanuit buitenlandse voorraad",
    "S4": "Afstandsverkoop vanuit buitenlandse voorraad (OSS)",
    "S5": "Uitvoer buiten de EU",
    "S5-OUTSIDE": "Uitvoer vanuit buitenlandse voorraad",
    "S6": "Afstandsverkoop aan consumenten in de EU (OSS)",
    "S6-3C": "Afstandsverkoop in de EU (OSS, ook in rubriek 3c)",
    "S7": "Afstandsverkoop onder de drempel",
    "S8": "Afstandsverkoop met btw-nummer in dat land",
    "S9": "Aan bedrijven in de EU (btw verlegd)",
    "S10": "Binnenlandse verkoop",
    "S11": "Bijzonder nultarief",
    "S12": "Overig",
}
