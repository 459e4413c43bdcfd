"""Problems of orders in Dutch: code to (title, cause, what to do).

`{name}` are the details of the English wording in `domain.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = tuple[str, str, str]
_BY_HAND = "Boek deze bestelling met de hand."
_COMPARE = "Vergelijk de bestelling in Seller Central; blijft het zo, boek haar dan met de hand."
_NEXT_RUN = "Niets, als de volgende run de bestelling goed toont; anders met de hand boeken."

ORDERS: Mapping[str, Words] = {
    "order-id-missing": ("Bestelling zonder nummer", "Er is geen bestelnummer.", _NEXT_RUN),
    "marketplace-unknown": (
        "Onbekende marktplaats",
        "Verkocht op {name} ({id}); dat is geen Europese marktplaats van Amazon.",
        f"{_BY_HAND} De koppeling kent alleen de Europese marktplaatsen.",
    ),
    "status-unknown": (
        "Onbekende status",
        "De status is {found}; die kent de koppeling niet.",
        "Bekijk de bestelling in Seller Central; zij wordt vanzelf geboekt zodra zij verzonden is.",
    ),
    "country-unknown": (
        "Onbekend land",
        "Een adres van de bestelling heeft de landcode {found}; die bestaat niet.",
        "Vergelijk de adressen in Seller Central en boek de bestelling met de hand.",
    ),
    "total-negative": (
        "Een negatief totaal",
        "De bestelling komt op {total} {currency}; dat kan bij een verkoop niet.",
        _COMPARE,
    ),
    "collection-model-unknown": (
        "Onbekend wie de btw afdraagt",
        "Een ander draagt de btw af op een manier die de koppeling niet kent: {found}.",
        "Bekijk in Seller Central wie de btw betaalt, en boek de bestelling met de hand.",
    ),
    "time-unreadable": ("Onleesbare tijden", "De tijden zijn niet te lezen: {found}", _NEXT_RUN),
    "proceeds-missing": (
        "Amazon toont geen bedragen",
        "Amazon toont geen bedragen: {what}",
        "Controleer in Seller Central of de app de rol Inventory and Order Tracking heeft; de "
        "bestelling wordt bij de volgende run opnieuw gevraagd.",
    ),
    "proceeds-kind-unknown": (
        "Onbekende soort kosten",
        "De bestelling heeft een soort kosten die de koppeling niet kent: {kind}",
        f"{_BY_HAND} Meld de soort kosten.",
    ),
    "proceeds-do-not-close": (
        "De bedragen tellen niet op",
        "De bedragen van {what} tellen niet op: totaal {total}, delen {parts}, btw {tax}.",
        _COMPARE,
    ),
    "amount-unreadable": (
        "Onleesbaar bedrag",
        "Het bedrag van {what} is geen heel aantal centen: {found}",
        _NEXT_RUN,
    ),
    "currency-unexpected": (
        "Onverwachte valuta",
        "De bedragen zijn in {found}; deze marktplaats verkoopt in {expected}.",
        _COMPARE,
    ),
    "order-item-unclear": (
        "Onduidelijk artikel",
        "Een artikel heeft geen eigen nummer.",
        _NEXT_RUN,
    ),
    "quantity-unclear": (
        "Onduidelijk aantal",
        "Van artikel {item} zijn {sent} van de {ordered} verzonden; de bedragen passen bij geen "
        "van beide.",
        "Vergelijk de bestelling in Seller Central en boek haar met de hand.",
    ),
    "facilitator-tax-unclear": (
        "Btw van Amazon past niet",
        "Amazon draagt de btw af, maar {tax} past bij geen tarief op {base}.",
        "Vergelijk de btw in Seller Central en boek de bestelling met de hand.",
    ),
    "ship-from-unknown": (
        "Land van verzending onbekend",
        "Het is niet bekend vanuit welk land is verzonden.",
        "Noem het enige land met FBA-voorraad bij seller.stock_in; bij voorraad in meer landen "
        "wacht de bestelling op het verzendrapport van Amazon.",
    ),
    "ship-from-mixed": (
        "Verzonden vanuit meer landen",
        "De pakketten vertrokken uit meer dan één land.",
        "Boek haar met de hand, per land van vertrek.",
    ),
    "shipments-unclear": (
        "Zendingen niet te verdelen",
        "De {parcels} zendingen tellen niet op tot wat besteld en verzonden is.",
        "Vergelijk de pakketten in Seller Central en boek de bestelling met de hand. De koppeling "
        "boekt haar vanzelf zodra Amazon de stuks van elke zending toont.",
    ),
    "ship-to-unknown": (
        "Land van levering onbekend",
        "Amazon toont geen land van levering.",
        "Controleer in Seller Central of de app de rol Direct-to-Consumer Delivery heeft.",
    ),
    "sold-to-amazon-business": (
        "Verkocht aan Amazon Business EU",
        "Amazon Business EU is de koper, niet de klant.",
        "Boek haar met de hand, of zet seller.vat.amazon_business_eu op book.",
    ),
    "facilitator-mixed": (
        "Btw deels door Amazon afgedragen",
        "Amazon draagt de btw van maar een deel van de artikelen af.",
        "Vergelijk de btw in Seller Central en boek de bestelling met de hand.",
    ),
    "facilitator-inside-eu": (
        "Amazon draagt btw af binnen de EU",
        "Amazon zegt de btw af te dragen op een verkoop binnen de EU (naar {country}).",
        "Controleer in Seller Central of Amazon weet waar uw bedrijf gevestigd is.",
    ),
    "registration-missing": (
        "Geen btw-registratie in het land van verzending",
        "Verzonden vanuit {country}; daar kent de koppeling geen btw-registratie.",
        "Registreer u daar voor de btw; vul het nummer in bij seller.vat.registrations.{country}.",
    ),
    "import-sale": (
        "Verkoop van buiten de EU",
        "Verzonden vanuit {country} naar een klant in de EU, zonder dat Amazon de btw afdraagt.",
        "Vraag uw accountant wie deze goederen invoert, en boek de bestelling met de hand.",
    ),
    "oss-missing": (
        "OSS staat uit",
        "Een verkoop aan een consument in {country} wordt daar belast, maar OSS staat uit.",
        "Zet seller.vat.oss aan, of vul uw btw-nummer in bij seller.vat.registrations.{country}.",
    ),
    "b2b-from-abroad": (
        "Zakelijke verkoop uit buitenlandse voorraad",
        "Een verkoop aan een bedrijf in een ander land, uit voorraad in {country}.",
        "Geef haar aan met uw btw-nummer van {country} en boek haar met de hand.",
    ),
    "b2b-number-missing": (
        "Btw-nummer van de koper ontbreekt",
        "Een bedrijf in een andere lidstaat betaalde geen btw, maar toont geen btw-nummer.",
        "Vraag de koper om het btw-nummer en boek de bestelling met de hand.",
    ),
    "b2b-vat-charged": (
        "Btw berekend aan een EU-bedrijf",
        "De koper heeft een geldig btw-nummer van een andere lidstaat, maar betaalde btw.",
        "Betaal de btw terug, of boek de bestelling met de hand met btw.",
    ),
    "vat-number-invalid": (
        "Btw-nummer van de koper deugt niet",
        "Het btw-nummer van de koper geeft geen recht op 0 %.",
        "Vraag de koper om het juiste nummer, of zet seller.vat.invalid_vat_id op treat_as_b2c.",
    ),
    "vies-unanswered": (
        "VIES heeft nog niet geantwoord",
        "VIES heeft het btw-nummer van de koper ({country}) nog niet bevestigd.",
        "Niets: bij de volgende run wordt het opnieuw gevraagd.",
    ),
    "export-vat-charged": (
        "Btw berekend op uitvoer",
        "De bestelling gaat naar {country}, buiten het btw-gebied van de EU, maar er is btw "
        "berekend.",
        "Betaal de btw terug, of boek de bestelling met de hand met btw.",
    ),
    "exchange-rate-missing": (
        "Wisselkoers ontbreekt",
        "Er is geen koers van de ECB voor {currency} op {on} of in de week ervoor.",
        "Niets, als de koers nog komt; de ECB publiceert niet elke valuta.",
    ),
    "vat-rate-held": (
        "Btw-tarief onbekend",
        "Niets vertelt het btw-tarief van {item}.",
        "Vul het tarief in bij seller.vat.rates_by_sku, of zet default_rate op standard.",
    ),
    "vat-rate-unknown": (
        "Geen btw-tarief voor dit land",
        "Er is geen btw-tarief bekend voor {country} op {on}.",
        "Vul het tarief in bij seller.vat.rates_by_sku, of werk de koppeling bij.",
    ),
    "vat-rate-unmapped": (
        "Geen btw-code voor dit tarief",
        "Er is geen btw-code voor {rate} % bij een verkoop van soort {kind}.",
        "Verbeter het tarief bij seller.vat.rates_by_sku, of boek met de hand.",
    ),
    "vat-code-refused": (
        "Btw-code past niet bij de verkoop",
        "De btw-code {vat_code} mag niet bij een verkoop van soort {kind}.",
        "Verbeter de code bij vat in het bestand van de koppeling.",
    ),
    "vat-account-missing": (
        "Geen rekening voor buitenlandse btw",
        "Er is geen rekening genoemd voor de btw van {country}.",
        "Noem er een bij accounts.{key}.{country}.",
    ),
    "vat-cents-unmatched": (
        "Btw van Amazon past bij geen tarief",
        "Amazon toont {tax} btw op {item}; dat past bij geen tarief van {country}.",
        "Vul het tarief in bij seller.vat.rates_by_sku, of boek met de hand.",
    ),
    "vat-sku-contradicted": (
        "Btw van Amazon past niet bij de SKU",
        "De btw van Amazon op {item} past niet bij het tarief van SKU {sku} ({rate} %).",
        "Verbeter het tarief bij seller.vat.rates_by_sku, of in Seller Central.",
    ),
    "vcs-number-missing": (
        "Factuurnummer van Amazon nog niet bekend",
        "Amazon maakt de facturen, en het factuurnummer is nog niet bekend.",
        "Niets: Amazon meldt het ongeveer drie dagen na verzending.",
    ),
    "vat-report-contradicted": (
        "Amazons btw-rapport klopt niet met de verkoop",
        "{item}: Amazons btw-rapport noemt {rate} %; dat is die dag geen tarief van {country}.",
        "Vergelijk de btw van de bestelling in Seller Central, verbeter daar de btw-instellingen "
        "en boek met de hand.",
    ),
    "period-closed": (
        "Periode is afgesloten",
        "De bestelling hoort bij {on}; de boeken zijn gesloten tot en met {closed}.",
        "Verbeter books.closed_through als die aangifte nog niet gedaan is; boek anders met de "
        "hand in de open periode en denk aan een suppletie.",
    ),
    "ship-date-differs": (
        "Verzonden in een ander btw-kwartaal dan geboekt",
        "Geboekt op {booked}, toen de bestelling voor het eerst als verzonden te zien was; volgens "
        "Amazons rapport vertrok zij op {found}.",
        "Verplaats de btw met de hand naar de juiste aangifte (een suppletie als die al gedaan is) "
        "en sla de bestelling daarna over.",
    ),
    "order-changed": (
        "Bestelling veranderde na het boeken",
        "Geboekt voor {booked} {currency}; Amazon toont nu {found}.",
        "Niets als er een terugbetaling volgt: haar creditnota lost dit op. Vergelijk anders de "
        "bestelling in Seller Central en verbeter de boeken met de hand.",
    ),
    "vat-number-changed": (
        "Btw-nummer van de koper veranderde",
        "Het nummer is na het boeken verbeterd en van factuur {invoice} is nog {left} over.",
        "Crediteer met de hand wat over is en maak een nieuwe factuur; sla de bestelling daarna "
        "over.",
    ),
    "invoice-unit-changed": (
        "Instelling veranderde tijdens een deelzending",
        "{booked} {currency} is per zending gefactureerd; de bestelling komt op {found}.",
        "Zet books.invoice_unit terug op shipment tot de deelzendingen compleet zijn.",
    ),
    "refund-too-large": (
        "Terugbetaling te groot",
        "Er is {refunded} terugbetaald; van factuur {invoice} is nog {left} over.",
        "Vergelijk de terugbetaling in Seller Central en boek haar met de hand.",
    ),
    "refund-not-understood": (
        "Terugbetaling niet begrepen",
        "Amazon toont haar zo dat er geen creditnota van te maken is: {why}.",
        "Niets: de afrekening maakt de creditnota. Meld het onderdeel.",
    ),
    "refund-amount-changed": (
        "Terugbetaling veranderde van bedrag",
        "Creditnota {note} is {booked} {currency}; Amazon toont nu {found}.",
        "Vergelijk de terugbetaling in Seller Central, verbeter zo nodig de creditnota met de hand "
        "en sla de bestelling daarna over.",
    ),
    "refund-waits-for-invoice": (
        "Terugbetaling wacht op de factuur",
        "Er is {amount} {currency} terugbetaald voordat de bestelling geboekt kon worden.",
        "Verhelp wat de bestelling tegenhoudt; de creditnota volgt vanzelf.",
    ),
    "refund-ambiguous": (
        "Terugbetaling past bij meer facturen",
        "De terugbetaling van {amount} {currency} past bij meer facturen van de bestelling.",
        "Nog niets: de afrekening zegt van welke zending zij is.",
    ),
    "refunds-not-read": (
        "Terugbetalingen niet opgehaald",
        "Amazon geeft ze sinds {since} UTC niet: {why}.",
        "Doe de controle van de koppeling; de rol Finance and Accounting is nodig. Tot dan komen "
        "creditnota's bij de afrekening.",
    ),
}
