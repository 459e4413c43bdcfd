"""A seller connects, previews, activates, runs, mends, approves and stops, in the browser.

The steps are those of docs/handleiding.md, in its order, from an administration that was never
coupled; each test goes on where the one before stopped. Its pictures are the handleiding's.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from selenium.webdriver.common.by import By

from tests.browser.chromium import DESKTOP, PHONE, Chromium
from tests.browser.stack import SELLER, VIEWER, Site
from tests.browser.steps import (
    BOARD,
    SECRETS,
    SHOP,
    add_connection,
    cents,
    checked,
    edit_connection,
    ended,
    mend_code_2,
    midnight,
    oldest,
    resume,
    sign_in,
    spoil_two_orders,
    start_dag,
)

MONTH = timedelta(days=30)


def test_the_connections_are_made_in_airflows_form(
    browser: Chromium, site: Site, pictures: Path
) -> None:
    sign_in(browser, SELLER)
    browser.open("/plugin/amazon-eboekhouden")
    with browser.framed():
        browser.see("Er is nog geen koppeling")
        assert browser.grave_findings() == []
    browser.picture(pictures / "begin.png")
    client, token, code_1, code_2 = SECRETS
    add_connection(
        browser,
        "Amazon Selling Partner",
        {
            "connection_id": "amazon_winkel",
            "login": "sandbox-client",
            "password": client,
            "host": site.where.amazon,
            "refresh_token_secret": token,
            "seller_id": "A3SANDBOXSELLER",
        },
        pictures / "verbinding-amazon.png",
    )
    add_connection(
        browser,
        "e-Boekhouden",
        {
            "connection_id": "eboekhouden_winkel",
            "login": "sandbox",
            "password": code_1,
            "host": f"{site.where.books}/soap.asmx",
            "security_code_2_secret": code_2[:-4],  # the end was not copied
        },
        pictures / "verbinding-eboekhouden.png",
    )
    assert browser.console() == []


def test_no_secret_is_shown_again(browser: Chromium) -> None:
    """In the form, over REST and in the page that tests the connections."""
    said = browser.driver.execute_script(
        "return fetch('/api/v2/connections').then(answer => answer.text())"
    )
    assert '"***"' in said
    for conn_id in ("amazon_winkel", "eboekhouden_winkel"):
        assert conn_id in said
        edit_connection(browser, conn_id)
        fields = browser.driver.find_elements(By.CSS_SELECTOR, "[role=dialog] input")
        said += " ".join(str(field.get_property("value")) for field in fields)
    said += browser.driver.page_source
    assert [secret for secret in SECRETS if secret in said] == []


def test_the_test_names_the_field_that_is_wrong(
    browser: Chromium, site: Site, pictures: Path
) -> None:
    browser.open(f"{BOARD}/verbindingen")
    browser.press("Test amazon_winkel")
    browser.see("Amazon accepteert deze gegevens.")
    browser.press("Test eboekhouden_winkel")
    browser.see("Beveiligingscode 2 ziet er anders uit")
    browser.picture(pictures / "verbindingen.png")
    checked(browser)
    mend_code_2(browser)
    browser.open(f"{BOARD}/verbindingen")
    browser.press("Test eboekhouden_winkel")
    browser.see("Verbonden met administratie")
    assert browser.console() == []


def test_a_new_coupling_becomes_a_file(browser: Chromium, site: Site, pictures: Path) -> None:
    browser.open(f"{BOARD}/nieuw")
    browser.fill("name", "winkel")
    browser.fill("seller.connection", "amazon_winkel")
    browser.fill("books.connection", "eboekhouden_winkel")
    go_live = f"{datetime.now(UTC) - 3 * MONTH:%Y-%m-%d}"
    browser.fill("seller.stock_in", "NL")
    field = browser.field("books.go_live")
    browser.driver.execute_script("arguments[0].value = arguments[1]", field, go_live)
    browser.choose("settlement.approval", "elke keer vragen")
    browser.picture(pictures / "nieuwe-koppeling.png")
    checked(browser)
    browser.press("Controleer en download het bestand")
    file = browser.downloads / "winkel.yaml"
    browser.wait(file.exists, "the file")
    made = yaml.safe_load(file.read_text())
    assert made["activated_by"] == "person"
    assert str(made["books"]["go_live"]) == go_live
    # The keeper of the installation puts it in its place; here with the stand-ins' addresses.
    made["services"] = {
        "ecb": f"{site.where.public}/ecb/eurofxref-hist.csv",
        "vies": f"{site.where.public}/vies/rest-api",
    }
    (site.couplings / "winkel.yaml").write_text(yaml.safe_dump(made))
    browser.open(f"{BOARD}/")
    browser.see("nog niet geactiveerd")
    checked(browser)


def test_the_check_says_what_is_missing_and_creates_it(
    browser: Chromium, site: Site, pictures: Path
) -> None:
    browser.open(f"{SHOP}/activeren")
    browser.press("Controleer nu")
    browser.see("ontbreken in de administratie")
    checked(browser)
    browser.picture(pictures / "activeren-controle.png")
    by_hand = [
        {"code": "1090", "category": "FIN", "description": "Amazon tegoed"},
    ]
    site.post(f"{site.where.books}/control/ledgers", {"add": by_hand})
    browser.press("Ontbrekende rekeningen aanmaken")
    browser.see("Alle rekeningen bestaan.")
    checked(browser)


def test_a_preview_shows_what_would_be_booked(
    browser: Chromium, site: Site, pictures: Path
) -> None:
    until = datetime.now(UTC)
    seed = {"seed": 11, "orders": 150, "from": midnight(until - 2 * MONTH), "to": midnight(until)}
    site.post(f"{site.where.amazon}/control/seed", seed)
    spoil_two_orders(site)
    browser.open(f"{SHOP}/activeren")
    browser.press("Toon proefboekingen")
    browser.see("De proef is klaar.")
    browser.choose("wat", "Bestellingen van de laatste week")
    browser.press("Toon proefboekingen")
    browser.see("Zou geboekt worden")
    assert "Factuur verstuurd" in browser.text
    browser.picture(pictures / "proef.png")
    checked(browser)
    assert site.journal() == []


def test_activating_starts_it(browser: Chromium, pictures: Path) -> None:
    browser.open(f"{SHOP}/activeren")
    browser.press("Koppeling activeren")
    browser.see("De koppeling is actief.")
    checked(browser)
    browser.open(f"{SHOP}/activeren")
    browser.picture(pictures / "activeren.png", whole=True)
    browser.size(PHONE)
    browser.fill_reason("Koppeling deactiveren", "een verkeerde knop")
    browser.see("De koppeling is gedeactiveerd.")
    browser.press("Koppeling activeren")
    browser.see("De koppeling is actief.")
    browser.size(DESKTOP)


def test_history_is_booked_from_the_trigger_form(
    browser: Chromium, site: Site, pictures: Path
) -> None:
    until = datetime.now(UTC)
    start_dag(browser, "amazon_orders", pictures / "uitvoeren.png", until - 2 * MONTH, until)
    ended(browser, "amazon_orders")
    browser.open(f"{BOARD}/")
    browser.see("Wacht op u")
    checked(browser)
    assert site.journal() != []


def test_a_held_order_is_offered_again(browser: Chromium, site: Site, pictures: Path) -> None:
    original, _ = site.originals
    order = f"{SHOP}/bestelling/{original['orderId']}"
    browser.open(f"{SHOP}/wacht?code=proceeds-do-not-close")
    browser.see(original["orderId"])
    browser.picture(pictures / "wacht-op-u.png")
    checked(browser)
    browser.size(PHONE)
    browser.picture(pictures / "wacht-op-u-telefoon.png")
    lines = len(site.journal())
    site.post(f"{site.where.amazon}/control/orders", [original])
    browser.open(order)
    browser.press("Opnieuw aanbieden")
    browser.see("Er is een run gestart")
    ended(browser, "amazon_orders")
    browser.open(order)
    browser.see("Factuur")
    assert len(site.journal()) > lines
    checked(browser)
    browser.picture(pictures / "bestelling.png")


def test_another_held_order_is_passed_over_with_a_reason(browser: Chromium, site: Site) -> None:
    _, other = site.originals
    browser.open(f"{SHOP}/bestelling/{other['orderId']}")
    browser.fill_reason("Overslaan", "dit was een proefbestelling")
    browser.see("Overgeslagen.")
    browser.see(SELLER[0])
    checked(browser)
    browser.open(f"{SHOP}/wacht?code=proceeds-do-not-close")
    assert other["orderId"] not in browser.text


def test_a_settlement_is_approved_and_ties_out(
    browser: Chromium, site: Site, pictures: Path
) -> None:
    resume(browser, "amazon_reconciliation")
    start_dag(browser, "amazon_settlements")
    ended(browser, "amazon_settlements")
    browser.again(f"{SHOP}/afrekeningen", "wacht op goedkeuring")
    browser.press(oldest(browser))
    browser.see("Van Amazons regels naar het totaal")
    browser.picture(pictures / "afrekening-goedkeuren.png")
    checked(browser)
    here = browser.path
    browser.press("Goedkeuren")
    browser.see("Goedgekeurd.")
    browser.again(here, "sluit op de cent")
    browser.picture(pictures / "afrekening.png")
    checked(browser)
    browser.size(PHONE)  # The next one on the way to work.
    browser.open(f"{SHOP}/afrekeningen")
    browser.press(oldest(browser))
    here = browser.path
    browser.press("Goedkeuren")
    browser.see("Goedgekeurd.")
    browser.again(here, "sluit op de cent")
    browser.size(DESKTOP)
    clearing = [line for line in site.journal() if line["account"] == "1090"]
    assert clearing
    assert sum(cents(line["debit"]) - cents(line["credit"]) for line in clearing) == 0


PAGES = ("wacht", "beslissen", "afrekeningen", "openstaand", "proef", "activeren", "instellingen")


def test_every_page_is_good_at_both_widths(browser: Chromium, pictures: Path) -> None:
    for path in ("/", "/nieuw", "/verbindingen", *(f"/koppeling/winkel/{p}" for p in PAGES)):
        browser.open(BOARD + path)
        checked(browser)
    browser.open(f"{BOARD}/")
    browser.see("Op pauze: amazon_books_audit")
    resume(browser, "amazon_books_audit")
    browser.open(f"{SHOP}/activeren")
    browser.press("Controleer nu")
    browser.see("Gecontroleerd")
    browser.open("/plugin/amazon-eboekhouden")
    with browser.framed():
        browser.see("sluit op de cent")
        assert browser.grave_findings() == []
    browser.picture(pictures / "overzicht.png")
    browser.size(PHONE)
    browser.open(f"{BOARD}/")
    browser.picture(pictures / "overzicht-telefoon.png")
    browser.size(DESKTOP)


def test_a_viewer_sees_it_all_and_finds_no_button(browser: Chromium) -> None:
    browser.driver.delete_all_cookies()
    sign_in(browser, VIEWER)
    for path in ("/", *(f"/koppeling/winkel/{p}" for p in PAGES)):
        browser.open(BOARD + path)
        posts = browser.driver.find_elements(By.CSS_SELECTOR, "form[method=post] button")
        assert [one.text for one in posts] == [], path
        checked(browser, DESKTOP)
    browser.driver.delete_all_cookies()
    sign_in(browser, SELLER)


def test_deactivating_says_what_is_still_open(browser: Chromium, pictures: Path) -> None:
    browser.open(f"{SHOP}/activeren")
    browser.fill_reason("Koppeling deactiveren", "wij stoppen met Amazon")
    browser.see("De koppeling is gedeactiveerd.")
    browser.see("Nog open")
    browser.see("wij stoppen met Amazon")
    checked(browser)
    browser.open(f"{BOARD}/")
    browser.see("gedeactiveerd")


def test_no_secret_reached_a_log(site: Site) -> None:
    logs = [file for file in site.home.rglob("*.log") if file.name != "sandbox.log"]
    assert len(logs) > 10  # Airflow's processes, and each task
    for file in logs:
        text = file.read_text(errors="replace")
        assert [secret for secret in SECRETS if secret in text] == [], file
