"""The books as pages: every page opens, shows what is booked, and every link leads somewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from coupling_sandbox.eboekhouden.pages import euros


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attributes):
        names = ("href", "src", "action")
        self.found |= {value for name, value in attributes if name in names and value}


def page(books, path):
    answer = books.http.get(path)
    assert answer.status_code == 200, path
    return re.sub(r"\s+", " ", answer.text)


def links(books, path):
    parser = Links()
    answer = books.http.get(path)
    assert answer.status_code == 200, path
    parser.feed(answer.text)
    return parser.found


@pytest.fixture
def books(books):
    books.http.post("/control/clock", json={"now": "2026-06-15T10:00:00+00:00"})
    books = type(books)(books.service, books.http)
    books.relation("R", Bedrijf="Jansen & Zn <b>", Plaats="Gent")
    books.add(Datum="2026-03-01", Factuurnummer="AMZ/1 #2", Boekstuk="token-1")
    books.add(Datum="2026-06-01", Factuurnummer="A-2")
    books.add(**books.payment("121", Factuurnummer="A-2"))
    books.add(
        Datum="2026-06-02", Factuurnummer="CR-1", rows=[books.row(gross="-12.10", vat="-2.10")]
    )
    books.add(**books.money())
    rows = [books.row("4610", "12.10", "2.10", "HOOG_INK_21")]
    books.add(kind="FactuurOntvangen", Rekening="1700", Factuurnummer="I-1", rows=rows)
    return books


def test_every_link_from_the_first_page_on_leads_somewhere_inside(books):
    seen, waiting = set(), {"/"}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        if path.startswith("/style.css"):
            assert books.http.get(path).headers["content-type"].startswith("text/css")
            continue
        for link in links(books, path):
            assert link.startswith(("/", "data:,")), f"{link} on {path} leads outside"
            if link.startswith("/") and link not in seen:
                waiting.add(link)
    kinds = ("/facturen/", "/mutaties/", "/relaties/", "/grootboek/")
    assert all(any(path.startswith(kind) for path in seen) for kind in kinds)


def test_invoices_show_their_state(books):
    text = page(books, "/facturen")
    assert re.search(r"AMZ/1 #2.*?121,00.*?>open<", text)
    assert re.search(r"A-2.*?>betaald<", text)
    assert re.search(r"CR-1.*?\N{MINUS SIGN}12,10.*?>creditnota<", text)
    assert "Jansen &amp; Zn &lt;b&gt;" in text


def test_a_mutation_shows_lines_and_postings(books):
    text = page(books, "/mutaties/1")
    for shown in ("01-03-2026", "token-1", "HOOG_VERK_21", "Omzet hoog", "Btw hoog", "21,00"):
        assert shown in text


def test_open_items_show_their_age(books):
    text = page(books, "/open-posten")
    assert re.search(r"AMZ/1 #2.*?31-03-2026.*?>106<.*?121,00", text)
    assert "I-1" not in text
    assert "I-1" in page(books, "/open-posten?kant=C")


def test_invoice_numbers_lead_to_their_invoice(books):
    shown = page(books, "/mutaties")
    assert '<a href="/facturen/R/CR-1">CR-1</a>' in shown
    rows = [
        {"TegenrekeningCode": "1300", "BedragInvoer": "1", "BTWCode": "GEEN", "Factuurnummer": one}
        for one in ("CR-1", "A-2")
    ]
    both = {"do": "add", "Soort": "FactuurbetalingOntvangen", "Datum": "2026-03-09",
            "Rekening": "1010", "RelatieCode": "R", "MutatieRegels": rows}  # fmt: skip
    books.http.post("/control/mutations", json=both).raise_for_status()
    assert '>CR-1</a>, <a href="/facturen/R/A-2">A-2</a>' in page(books, "/mutaties")


def test_the_ledger_card_runs(books):
    text = page(books, "/grootboek/1090")
    assert re.search(r"121,00.*?12,10.*?108,90", text)


def test_the_trial_balance_balances(books):
    text = page(books, "/proefbalans")
    assert ">in balans<" in text
    totals = re.search(r"Totaal</td>(.*?)</tr>", text)[1]
    figures = re.findall(r">([\d.,]+)<", totals)
    assert figures[0] == figures[1]
    assert figures[2] == figures[3]


@pytest.mark.parametrize(
    ("path", "there", "not_there"),
    [
        ("/facturen?zoek=cr-", "CR-1", "A-2"),
        ("/mutaties?soort=GeldUitgegeven", "/mutaties/5", "/mutaties/2"),
        ("/mutaties?zoek=token", "/mutaties/1", "/mutaties/2"),
        ("/relaties?zoek=gent", "/relaties/R", "Niets gevonden"),
        ("/relaties?zoek=nobody", "Niets gevonden", "/relaties/R"),
        ("/grootboek", "/grootboek/1090", "/grootboek/1000"),
        ("/grootboek?alles=1", "/grootboek/1000", "Nog niets"),
    ],
)
def test_searching_and_filtering(books, path, there, not_there):
    text = page(books, path)
    assert there in text
    assert not_there not in text


def test_long_lists_are_paged_and_carry_their_balance(books):
    for number in range(60):
        books.add(**books.money("1.00", "2010", "GEEN", "0", Omschrijving=f"n{number}"))
    first, second = page(books, "/grootboek/2010"), page(books, "/grootboek/2010?pagina=2")
    assert "bladzijde 1 van 2" in first
    assert "Naar volgende bladzijde" in first
    assert re.search(r"Van vorige bladzijde.*?50,00", second)
    assert re.search(r"Eindsaldo.*?60,00", second)
    assert "bladzijde 2 van 2" in page(books, "/mutaties?pagina=99")


@pytest.mark.parametrize(
    "path", ["/mutaties/999", "/relaties/nobody", "/grootboek/7777", "/facturen/R/nothing"]
)
def test_what_is_not_there_says_so_in_dutch(books, path):
    answer = books.http.get(path)
    assert answer.status_code == 404
    assert "bestaat niet in deze administratie" in answer.text


def test_empty_books_open_too(http):
    http.post("/control/reset")
    for path in ("/", "/facturen", "/mutaties", "/open-posten", "/relaties", "/grootboek"):
        assert http.get(path).status_code == 200
    assert "in balans" in http.get("/proefbalans").text


def test_another_administration_has_its_own_pages(books):
    guid = "{22222222-1111-4000-8000-000000000002}"
    second = {
        "username": "second",
        "security_code_1": "f" * 32,
        "security_code_2": "{2}",
        "guid": guid,
        "company": "Tweede Webwinkel",
    }
    books.http.post("/control/administrations", json=second).raise_for_status()
    text = page(books, f"/mutaties?administratie={guid}")
    assert "Nog geen mutaties" in text
    assert f"administratie={guid.replace('{', '%7B').replace('}', '%7D')}" in text


def test_deleted_invoices_do_not_break_the_pages(books):
    books.http.post("/control/mutations", json={"do": "delete", "number": 2}).raise_for_status()
    assert "te veel betaald" in page(books, "/facturen/R/A-2")
    assert "A-2" in page(books, "/open-posten")


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (-5, "\N{MINUS SIGN}0,05"),
        (123456789, "1.234.567,89"),
        (-100000, "\N{MINUS SIGN}1.000,00"),
    ],
)
def test_amounts_are_written_in_dutch(cents, text):
    assert euros(cents) == text
