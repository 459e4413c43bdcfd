"""Problems of settlements and of bookings in Dutch: code to (title, cause, what to do)."""

from __future__ import annotations

from collections.abc import Mapping

from amazon_eboekhouden.provider.dashboard.dutch_orders import Words

_FETCH = "Haal de afrekening opnieuw op; blijft het zo, meld het bestand."
_MOVE = "Zoek het uit in Seller Central en boek het bedrag van {account} naar waar het hoort."

SETTLEMENTS: Mapping[str, Words] = {
    "settlement-waits-for-approval": (
        "Afrekening wacht op goedkeuring",
        "De koppeling vraagt om goedkeuring voordat zij boekt ({approval}).",
        "Bekijk op de bladzijde van de afrekening wat er geboekt wordt en druk op Goedkeuren.",
    ),
    "settlement-document-damaged": (
        "Afrekening komt beschadigd binnen",
        "Het bestand dat Amazon op {created} maakte, komt niet heel over: {why}.",
        "Eerst niets: elke run haalt het opnieuw op en de andere afrekeningen gaan door. Blijft "
        "het zo, bewaar haar dan uit Seller Central en geef haar mee met settlements --file.",
    ),
    "settlement-file-changed": (
        "Amazon toont een ander bestand",
        "Amazon toont een andere inhoud ({found}…) dan eerst gevonden ({known}…).",
        "Vergelijk beide in het archief; de eerste blijft geboekt.",
    ),
    "settlement-encoding": (
        "Bestand niet leesbaar",
        "Het bestand is geen tekst in {tried}.",
        "Haal de afrekening opnieuw op, of bewaar haar uit Seller Central en geef haar mee met "
        "--file.",
    ),
    "settlement-cut": (
        "Bestand afgebroken",
        "De laatste regel houdt na {columns} kolommen op: de rest van het bestand ontbreekt.",
        "Er is niets geboekt; het wordt opnieuw opgehaald, of lees het hele bestand in.",
    ),
    "settlement-columns": (
        "Kolom ontbreekt",
        "Het bestand heeft geen kolom {missing}.",
        "Gebruik een afrekening van de soort Flat File V2; V1 en XML worden niet gelezen.",
    ),
    "settlement-summary": (
        "Geen duidelijke totaalregel",
        "Het bestand heeft {count} totaalregels; het moet er precies één zijn.",
        _FETCH,
    ),
    "settlement-mixed": (
        "Meer afrekeningen in één bestand",
        "Het bestand bevat ook regels van afrekening {others}.",
        "Geef één afrekening per bestand, onveranderd.",
    ),
    "settlement-currency": ("Onduidelijke valuta", "De valuta is onduidelijk: {found}", _FETCH),
    "settlement-amount": (
        "Onleesbaar bedrag",
        "Bedrag {text} past niet bij de andere bedragen in het bestand.",
        "Geef het bestand onveranderd; rekenbladen herschrijven bedragen.",
    ),
    "settlement-date": (
        "Onleesbare datum",
        "Datum {text} is niet te lezen.",
        "Geef het bestand onveranderd; rekenbladen herschrijven datums.",
    ),
    "settlement-total": (
        "Afrekening telt niet op",
        "De regels tellen op tot {sum}, het totaal van Amazon is {total}: {difference} te veel.",
        "Er is niets geboekt. Haal de afrekening opnieuw op.",
    ),
    "settlement-row-unknown": (
        "Onbekende soort regel",
        "{count} regel(s) zonder bestemming, samen {amount} {currency}, staan op {account}.",
        "Voeg de soort toe aan settlement_rows.csv; boek het bedrag van {account} met de hand.",
    ),
    "settlement-row-for-a-person": (
        "Regel voor u om te boeken",
        "{line}: {count} regel(s), {amount} {currency}, staan op {account}.",
        "Boek het bedrag van {account} naar waar het hoort; Amazon zegt niet waarvoor het is.",
    ),
    "settlement-row-without-order": (
        "Bedrag zonder bestelling",
        "Regels van {amount} {currency} noemen hun bestelling niet; ze staan op {account}.",
        "Zoek de bestelling in Seller Central en boek het bedrag van {account}.",
    ),
    "settlement-order-parked": (
        "Betaald, nog geen factuur",
        "Amazon betaalde {amount} {currency}, maar de bestelling heeft nog geen factuur; het "
        "bedrag staat op {account}.",
        "Niets, als de bestelling gauw geboekt wordt: dan verhuist het bedrag vanzelf. Kijk anders "
        "waarom de bestelling wacht.",
    ),
    "settlement-order-before-go-live": (
        "Bestelling van voor de ingang",
        "Amazon betaalde {amount} {currency} voor een bestelling van voor de ingang; het bedrag "
        "staat op {account}.",
        "Letter het bedrag op {account} af met uw eigen boeking van de bestelling.",
    ),
    "settlement-refund-unknown-order": (
        "Terugbetaling van een onbekende bestelling",
        "Amazon betaalde {amount} {currency} terug op een bestelling die deze koppeling niet "
        "boekte; het staat op {account}.",
        "Maak de creditnota bij de oude factuur en boek het bedrag van {account}.",
    ),
    "settlement-refund-ambiguous": (
        "Terugbetaling past bij meer facturen",
        "De terugbetaling van {amount} {currency} past even goed bij meer facturen; zij staat op "
        "{account}.",
        "Zoek uit welke creditnota het is en boek het bedrag van {account}.",
    ),
    "settlement-refund-differs": (
        "Terugbetaling met een ander bedrag",
        "De terugbetaling van {amount} {currency} heeft een ander bedrag dan haar creditnota; zij "
        "staat op {account}.",
        "Verbeter de creditnota met de hand en boek het bedrag van {account}.",
    ),
    "settlement-refund-too-large": (
        "Terugbetaling te groot",
        "Amazon betaalde {amount} {currency} terug, meer dan factuur {invoice} nog heeft; het "
        "staat op {account}.",
        _MOVE,
    ),
    "settlement-order-ambiguous": (
        "Betaling past bij meer facturen",
        "{amount} {currency} van de bestelling past even goed bij meer facturen; het staat op "
        "{account}.",
        "Zoek uit welke factuur betaald is en boek het bedrag van {account}.",
    ),
    "settlement-order-negative": (
        "Amazon neemt een verkoop terug",
        "De regels van de bestelling nemen {amount} {currency} terug; het staat op {account}.",
        _MOVE,
    ),
    "settlement-overpaid": (
        "Te veel betaald",
        "Amazon betaalde {excess} EUR meer dan er openstond op factuur {invoice}; dat staat op "
        "{account}.",
        "Kijk of de factuur te laag is of de bestelling dubbel betaald is; boek het van {account}.",
    ),
    "settlement-underpaid": (
        "Te weinig betaald",
        "Amazon betaalde {paid} EUR op factuur {invoice}; {rest} EUR blijft open.",
        "Niets, als een latere afrekening de rest betaalt; vergelijk anders met Seller Central.",
    ),
    "settlement-rate-missing": (
        "Wisselkoers ontbreekt",
        "Er is geen wisselkoers voor {currency} op {day}.",
        "Er is niets geboekt; de volgende run vraagt de koers opnieuw.",
    ),
    "settlement-deposit-unknown": (
        "Bedrag op de bank onbekend",
        "Amazon betaalde {amount} {currency}; hoeveel euro de bank bereikte is niet bekend.",
        "Er is niets geboekt; vul het bedrag in euro van de bankregel in bij afrekening "
        "{settlement}.",
    ),
    "settlement-paid-by-hand": (
        "Facturen al met de hand betaald",
        "{count} facturen die deze afrekening betaalt zijn in de boeken al door iemand anders "
        "betaald, samen {amount} euro: {invoices}.",
        "Er is niets geboekt. Haal die betalingen weg in e-Boekhouden.nl en boek de bankregel van "
        "Amazon op de kruispost; de volgende run boekt de afrekening.",
    ),
    "settlement-payout-by-hand": (
        "Uitbetaling al met de hand geboekt",
        "De uitbetaling van {payout} euro lijkt met de hand op {account} geboekt: die staat op "
        "{balance} euro.",
        "Er is niets geboekt. Boek die bankregel om van {account} naar {transit}; de volgende run "
        "boekt de afrekening.",
    ),
    "settlement-closed-period": (
        "Boekingen in een afgesloten periode",
        "{count} boekingen ({amount} euro) horen in een periode die tot en met {closed} is "
        "afgesloten; zij krijgen de datum {day}.",
        "Klopt {closed} niet, verbeter dan books.closed_through. Kijk anders of de btw erin om een "
        "suppletie vraagt.",
    ),
    "settlement-deposit-not-placed": (
        "Deel van de uitbetaling zonder factuur",
        "{amount} euro van de uitbetaling past op geen openstaande factuur van deze afrekening: "
        "bestellingen zonder factuur, vergoedingen of een vrijgegeven reserve.",
        "Boek de rest van de bankregel met de hand waar die hoort; de methode clearing doet dat "
        "zelf.",
    ),
    "settlement-row-not-placed": (
        "Onbekende soort regel",
        "{count} regel(s) zonder bestemming, samen {amount} euro, staan in geen mutatie: wat zij "
        "inhielden blijft open.",
        "Voeg de soort toe aan config/tables/settlement_rows.csv: {line}",
    ),
    "settlement-bank-line-by-hand": (
        "Bankregel al met de hand geboekt",
        "Mutatie {number} van {day} zet de uitbetaling van {payout} euro al op {account}, met de "
        "hand geboekt.",
        "Er is niets geboekt. Haal die bankregel weg in e-Boekhouden.nl: deze methode boekt hem "
        "zelf op de facturen. De volgende run boekt de afrekening.",
    ),
    "settlement-refund-currency": (
        "Terugbetaling in een andere valuta",
        "De terugbetaling van {amount} {currency} (gebeurtenis {event}) hoort bij factuur "
        "{invoice}, die in een andere valuta staat; zij staat op {account}.",
        "Maak de creditnota met de hand, tegen de koers van de factuur, en boek het bedrag van "
        "{account}.",
    ),
    "settlement-summary-differs": (
        "Amazons eigen cijfers verschillen",
        "Het bestand komt op {total} {currency}, Amazons financiële overzicht op {summary}: "
        "{difference} verschil.",
        "Er wordt niets tegengehouden: het bestand telt op en wordt geboekt. Vraag Amazon welke "
        "van de twee klopt.",
    ),
    "settlement-invoices-of-others": (
        "Facturen van een andere koppeling",
        "{count} bestellingen van voor de ingang betalen openstaande posten van een andere "
        "koppeling, samen {amount} euro, alleen gevonden op bedrag en datum: {found}.",
        "Keur goed als het klopt. Zet anders settlement.invoices_of_others op by_order_id, dan "
        "gaan deze bestellingen naar {account}, en keur daarna goed.",
    ),
    "settlement-needs-approval": (
        "Voorstel wacht op goedkeuring",
        "Voorstel: {paid} EUR op facturen, {left_over} EUR naar {account}.",
        "Keur het voorstel goed of wijs het af.",
    ),
    "settlement-method-only-euros": (
        "Deze methode kent alleen euro",
        "De methode open_items_to_costs kent alleen euro; deze afrekening is in {currency}.",
        "Er is niets geboekt; kies settlement.method clearing voor marktplaatsen buiten de euro.",
    ),
    "settlement-clearing-not-zero": (
        "Afrekening sluit niet",
        "De boekingen zouden {difference} EUR op tussenrekening {account} laten staan.",
        "Er is niets geboekt; dit is een fout in het programma. Meld het met het bestand.",
    ),
}

BOOKINGS: Mapping[str, Words] = {
    "booking-refused": (
        "e-Boekhouden.nl weigert de boeking",
        "e-Boekhouden.nl weigert {booking}: {evidence}",
        "Verhelp de oorzaak en bied haar opnieuw aan.",
    ),
    "booking-changed": (
        "Boeking wijkt af van de bestelling",
        "{booking} is geboekt als {number}, en nu wordt iets anders gevraagd.",
        "Vergelijk de boeking met de bestelling; verbeter haar in e-Boekhouden.nl, of herstel de "
        "instelling die veranderde.",
    ),
    "booking-conflict": (
        "Boeking staat anders in de boeken",
        "{booking} staat anders in de boeken dan verstuurd: {evidence}",
        "Bekijk {number} in e-Boekhouden.nl en kies Overnemen (zo laten) of Negeren.",
    ),
    "booking-foreign": (
        "Factuurnummer is door iemand anders geboekt",
        "Factuurnummer {invoice} is door iemand anders geboekt: {evidence}",
        "Kies Overnemen (die boeking telt als de onze), Onze boeken (de onze erbij) of Negeren.",
    ),
    "booking-absent": (
        "Boeking kwam nooit aan",
        "{booking} is verstuurd en kwam nooit aan: {evidence}",
        "Controleer of e-Boekhouden.nl werkt, en kies Onze boeken of Negeren.",
    ),
    "booking-not-visible": (
        "Onzeker of de boeking er staat",
        "Of {booking} geboekt is, is niet te zien: {evidence}",
        "Zoek in e-Boekhouden.nl op bedrag en datum. Staat zij er: Overnemen. Niet: Onze boeken.",
    ),
    "booking-duplicated": (
        "Boeking staat dubbel in de boeken",
        "{booking} staat meer dan eens in de boeken: {evidence}",
        "Verwijder in e-Boekhouden.nl alle op één na, en kies Overnemen.",
    ),
    "booking-half": (
        "Factuur zonder mutatie",
        "Factuur {invoice} staat in e-Boekhouden.nl zonder haar mutatie.",
        "Verwerk de factuur in e-Boekhouden.nl, en kies Overnemen.",
    ),
    "booking-deleted-by-person": (
        "Boeking is uit de boeken verwijderd",
        "{booking} was geboekt als {number} en is weg uit de boeken.",
        "Was dat de bedoeling: Negeren. Anders: Onze boeken.",
    ),
    "booking-changed-by-person": (
        "Boeking is in de boeken veranderd",
        "{booking} is veranderd in e-Boekhouden.nl: {evidence}",
        "Kies Overnemen als het klopt; herstel anders mutatie {number}.",
    ),
    "booking-uncertain": (
        "Uitkomst al een dag onbekend",
        "Al meer dan een dag is niet bekend of {booking} geboekt is.",
        "Controleer of e-Boekhouden.nl antwoordt; de volgende run vraagt het na. Er wordt niets "
        "dubbel verstuurd.",
    ),
    "dependency-not-booked": (
        "Wacht op een andere boeking",
        "{booking} wacht op {dependency}; die is niet geboekt.",
        "Handel eerst {dependency} af; de rest volgt vanzelf.",
    ),
    "invoice-number-taken": (
        "Factuurnummer is al gebruikt",
        "Factuurnummer {invoice} van {booking} hoort al bij een andere boeking.",
        "Kijk hoe deze bestelling aan haar factuurnummer komt; twee mogen er geen delen.",
    ),
    "payload-unreadable": (
        "Inhoud niet te ontsleutelen",
        "Wat voor {booking} verstuurd moet worden is niet te ontsleutelen.",
        "Zet de installatiesleutel terug waarmee het boekingsregister geschreven is.",
    ),
    "call-budget-spent": (
        "Aanroepen van deze maand zijn op",
        "{used} van de {allowed} aanroepen van deze maand zijn gebruikt.",
        "Tot de eerste van de maand wordt niets meer geboekt, tenzij de ruimte groter wordt.",
    ),
    "account-closed": (
        "e-Boekhouden.nl neemt niets aan",
        "e-Boekhouden.nl weigert alle boekingen: {why}",
        "Open de administratie (abonnement, betaling, blokkade door de accountant); er gaat niets "
        "verloren.",
    ),
    "books-not-visible": (
        "Boekingen niet meer zichtbaar",
        "e-Boekhouden.nl toont mutaties {first} tot en met {last} niet meer.",
        "Zoek deze boekingen op in e-Boekhouden.nl.",
    ),
    "ledger-lost": (
        "Boekingsregister kwijt",
        "In de boeken staan {count} boekingen met ons kenmerk, tot en met mutatie {number}, maar "
        "dit register heeft daar nog nooit geboekt.",
        "Zet het boekingsregister terug uit de reservekopie, of bouw het opnieuw op. Eerder wordt "
        "er niets geboekt.",
    ),
    "token-not-known": (
        "Onbekend kenmerk in de boeken",
        "Mutatie {number} draagt ons kenmerk {token}, maar het register kent het niet.",
        "Zet het boekingsregister terug uit de reservekopie, of bouw het opnieuw op.",
    ),
    "booked-by-hand": (
        "Ook met de hand geboekt",
        "Factuurnummer {invoice} staat ook in mutatie {number}, die niet van ons is.",
        "Verwijder een van de twee in e-Boekhouden.nl.",
    ),
    "history-broken": (
        "Het register is van buiten veranderd",
        "De geschiedenis van het register is veranderd bij stap {seq}.",
        "Zet het boekingsregister terug uit de reservekopie.",
    ),
}
