"""Problems of settings, connections and services in Dutch: code to (title, cause, what to do).

`{name}` are the details of the English wording in `domain.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping

from amazon_eboekhouden.provider.dashboard.dutch_orders import Words

SETTINGS: Mapping[str, Words] = {
    "settings-invalid": (
        "De instellingen kloppen niet",
        "{field}: {why}",
        "Verbeter {field} in {file}, regel {line}, en controleer de koppeling opnieuw.",
    ),
    "connection-missing": (
        "De verbinding bestaat niet",
        "Er is geen verbinding met de naam {connection}.",
        "Maak de verbinding {connection} aan in Airflow, onder Beheer, Connecties.",
    ),
    "connection-unreadable": (
        "De verbinding is niet te lezen",
        "De verbinding {connection} is niet te lezen: {why}",
        "Schrijf {variable} als JSON of als verbindings-URI; vraag het uw beheerder.",
    ),
    "connection-incomplete": (
        "De verbinding is niet volledig",
        "Bij de verbinding {connection} is {field} niet ingevuld.",
        "Vul {field} in bij de verbinding {connection}: daaraan is de koppeling gebonden, zodat "
        "bestellingen van een andere verkoper nooit in deze boeken komen.",
    ),
    "credentials-refused": (
        "De inloggegevens worden geweigerd",
        "{service} weigert {field}: {why}",
        "Vul {field} opnieuw in bij de verbinding {connection}.",
    ),
    "account-missing": (
        "Een grootboekrekening ontbreekt",
        "Grootboekrekening {account} ({role}) bestaat niet in de administratie.",
        "Maak {account} aan met categorie {category} in e-Boekhouden.nl, of noem een andere "
        "rekening bij accounts.{role}.",
    ),
    "account-shared": (
        "Grootboekrekening dubbel gebruikt",
        "Rekening {account} dient voor meer dan één doel: {roles}.",
        "Geef elk een eigen rekening bij accounts: hun saldi worden apart gecontroleerd.",
    ),
    "account-override": (
        "Grootboekrekening van een eigen regel past niet",
        "Rekening {account}, genoemd bij {setting}, kan niet gebruikt worden.",
        "Maak haar in e-Boekhouden met categorie VW of BAL, of noem een andere bij {setting}.",
    ),
    "account-other-use": (
        "Grootboekrekening heeft een andere naam",
        "Rekening {account} heet {found}; de koppeling zou er {wanted} op boeken.",
        "Noem een vrije rekening bij accounts.{role}, of hernoem {account} als zij zo bedoeld is.",
    ),
    "account-category": (
        "Een grootboekrekening heeft de verkeerde categorie",
        "Grootboekrekening {account} ({role}) heeft categorie {found}; het moet {category} zijn.",
        "Noem bij accounts.{role} een rekening met categorie {category}.",
    ),
    "account-ambiguous": (
        "Een categorie heeft niet precies één grootboekrekening",
        "De administratie heeft {count} grootboekrekeningen met categorie {category}.",
        "Houd precies één rekening met categorie {category} aan in e-Boekhouden.nl.",
    ),
    "service-unreachable": (
        "Een dienst is niet te bereiken",
        "{service} gaf geen bruikbaar antwoord: {why}",
        "Probeer het later nog eens: het gaat verder waar het bleef; niets wordt dubbel geboekt.",
    ),
    "ledger-unusable": (
        "Het boekingsregister is niet te gebruiken",
        "De database van het boekingsregister is niet te gebruiken: {why}",
        "Kijk of de database er is, beschreven mag worden en ruimte heeft; eerder wordt er niets "
        "verstuurd.",
    ),
    "storage-unusable": (
        "Een map is niet te gebruiken",
        "{place} is niet te gebruiken: {why}",
        "Kijk of de map er is, beschreven mag worden en ruimte heeft; de volgende keer gaat het "
        "verder.",
    ),
    "administration-changed": (
        "De verbinding hoort bij een andere administratie",
        "De verbinding antwoordt voor administratie {found}; de koppeling hoort bij {bound}.",
        "Herstel de oude verbinding, of maak een nieuwe koppeling voor de andere administratie.",
    ),
    "seller-changed": (
        "De verbinding hoort bij een andere verkoper",
        "De verbinding hoort bij verkoper {found}; de koppeling hoort bij {bound}.",
        "Herstel de oude verbinding, of maak een nieuwe koppeling voor de andere verkoper.",
    ),
    "expectation-failed": (
        "Een controle hield de boeking tegen",
        "De boeking {booking} voldoet niet aan de regel {rule} ({found}).",
        "Meld deze bestelling: de koppeling hield haar tegen omdat zij fout zou worden geboekt.",
    ),
    "amazon-refused": (
        "Amazon weigert een vraag",
        "Amazon weigert {operation}: {why}",
        "Klik op Controleer nu, verbeter wat er genoemd wordt, en bied het opnieuw aan.",
    ),
    "books-refused": (
        "e-Boekhouden.nl weigert een vraag",
        "e-Boekhouden.nl weigert {operation}: {why}",
        "Klik op Controleer nu, verbeter wat er genoemd wordt, en bied het opnieuw aan.",
    ),
    "coupling-stopped": (
        "De koppeling is gestopt",
        "De koppeling is gestopt: {why}",
        "Verhelp de oorzaak en activeer de koppeling opnieuw.",
    ),
}
