"""Findings of the nightly audit and of VAT reports in Dutch: code to (title, cause, what to do)."""

from __future__ import annotations

from collections.abc import Mapping

from amazon_eboekhouden.provider.dashboard.dutch_orders import Words

_FROM_FILE = "bewaar haar anders uit Seller Central en geef haar mee met --file."

AUDIT: Mapping[str, Words] = {
    "fee-invoice-differs": (
        "Kostenfactuur van Amazon wijkt af",
        "Amazon rekent {invoiced} euro kosten over {month}, geboekt is {booked} euro: "
        "{difference} euro verschil, waarvan {vat} euro btw.",
        "Voer de andere kostenfacturen van die maand in en wacht op haar afrekeningen; verbeter "
        "een echt verschil in de voorbelasting met de hand.",
    ),
    "fee-invoice-rate-unclear": (
        "Btw op de kostenfactuur onduidelijk",
        "{vat} euro btw op {net} euro past bij geen Nederlands tarief.",
        "Kijk op de factuur wie haar stuurt en voer haar opnieuw in met de btw-code: BI_EU_INK "
        "voor Luxemburg (verlegd), GEEN voor buitenlandse btw.",
    ),
    "settlement-gap": (
        "Er ontbreekt een afrekening",
        "Zij begint op {starts}; de afrekening van {where} ervoor eindigde op {ended}.",
        f"Haal de afrekeningen op; {_FROM_FILE}",
    ),
    "settlement-leaving": (
        "Afrekening verdwijnt bij Amazon",
        "Amazon toont dit bestand tot {day}, en het staat niet in het archief.",
        "Haal de afrekeningen op voor die dag.",
    ),
    "settlement-file-missing": (
        "Bestand weg uit het archief",
        "Het bestand ({file}…) staat niet meer in het archief.",
        f"Zet het archief terug uit de reservekopie; {_FROM_FILE}",
    ),
    "settlement-reserve-broken": (
        "Reserve sluit niet aan",
        "Zij geeft {returned} {currency} reserve terug; afrekening {before} hield {kept} in.",
        "Kijk of er een afrekening ontbreekt; vraag anders Amazon naar het verschil.",
    ),
    "settlement-carried-broken": (
        "Negatief saldo sluit niet aan",
        "Zij verrekent {carried} {currency}; afrekening {before} eindigde op {total}.",
        "Kijk of er een afrekening ontbreekt of Amazon de kaart belastte; vraag het anders Amazon.",
    ),
    "reserve-differs": (
        "Reserve wijkt af van Amazon",
        "Grootboekrekening {account} staat op {balance} EUR; Amazon houdt {held} EUR vast.",
        "Zoek op {account} naar boekingen die niet van ons zijn, of een ontbrekende beginbalans.",
    ),
    "clearing-not-empty": (
        "Tussenrekening Amazon is niet nul",
        "Grootboekrekening {account} staat op {balance} EUR; het moet 0,00 zijn.",
        "Zoek op {account} naar boekingen met de hand en maak die ongedaan.",
    ),
    "transit-not-empty": (
        "Kruisposten zijn niet nul",
        "Grootboekrekening {account} staat op {balance} EUR; uitbetalingen van de laatste vijf "
        "bankdagen verklaren hoogstens {recent} EUR.",
        "Boek de bankregels van Amazon op {account}; vraag Amazon naar wat nooit aankwam.",
    ),
    "bank-line-elsewhere": (
        "Bankregel misschien verkeerd geboekt",
        "Op {day} brengt die {payout} euro op de bank, even veel als een uitbetaling van Amazon "
        "die nog komt; geboekt op {account}.",
        "Is het Amazons overboeking, boek die dan op de kruispost {transit}; doe anders niets.",
    ),
    "open-item-old": (
        "Oude openstaande post",
        "{own} EUR van factuur {invoice} staat open, {days} dagen na verzending op {shipped}.",
        "Kijk in Seller Central of het geld is uitgesteld, kwijt of geclaimd (A-to-z).",
    ),
    "open-item-differs": (
        "Openstaande post wijkt af",
        "{books} EUR van factuur {invoice} staat open in e-Boekhouden.nl; volgens onze boekingen "
        "{own} EUR.",
        "Zoek naar een betaling of factuur met dit nummer die met de hand is gemaakt.",
    ),
    "call-budget-low": (
        "Aanroepen van deze maand raken op",
        "{used} van de {allowed} aanroepen van deze maand zijn gebruikt; vanaf {stop} wordt niets "
        "meer geboekt.",
        "Kijk wat deze administratie nog meer leest, of vraag e-Boekhouden.nl om meer ruimte.",
    ),
    "order-not-known": (
        "Bestelling onbekend",
        "Het boekingsregister weet niets van deze bestelling.",
        "Controleer het nummer; een geannuleerde of oude bestelling laat geen spoor na.",
    ),
    "report-incomplete": (
        "Aangifte nog niet volledig",
        "{count} facturen of creditnota's van dit kwartaal zijn nog niet bevestigd.",
        "Laat de bestellingen en afrekeningen lopen, en maak het overzicht opnieuw voor u aangifte "
        "doet.",
    ),
    "report-rate-missing": (
        "Wisselkoers van het kwartaal ontbreekt",
        "De koers van de ECB voor {currency} aan het eind van {quarter} is niet bekend.",
        "Maak het overzicht opnieuw als het kwartaal voorbij is en de ECB gepubliceerd heeft.",
    ),
    "report-number-missing": (
        "Btw-nummer van een relatie ontbreekt",
        "Relatie {relation} kocht tegen 0 % en heeft geen btw-nummer in e-Boekhouden.nl.",
        "Vul daar het btw-nummer in; het moet in de ICP-opgaaf staan.",
    ),
}
