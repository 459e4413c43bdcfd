"""A seller connects, previews, activates, runs, mends, approves and stops, in the browser.

The steps are those of docs/handleiding.md, in its order, from an administration that was never
coupled; each test goes on where the one before stopped. Its pictures are the handleiding's.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import DESKTOP, PHONE, Chromium
from tests.browser.stack import SELLER, VIEWER, Site

BOARD = "/amazon-eboekhouden"
SHOP = f"{BOARD}/koppeling/winkel"
SECRETS = (
    "sandbox-secret",
    "Atzr|sandbox",
    "0123456789abcdef0123456789abcdef",
    "{A1B2C3D4-0000-4000-8000-000000000001}",
)
MONTH = timedelta(days=30)


def checked(browser: Chromium, *sizes: tuple[int, int]) -> None:
    """Hold against the dashboard's page what a careful visitor would."""
    for size in sizes or (DESKTOP, PHONE):
        browser.size(size)
        assert browser.grave_findings() == []
        assert browser.overflow() <= 0, browser.driver.current_url
    assert browser.console() == []
    browser.size(DESKTOP)


def sign_in(browser: Chromium, who: tuple[str, str, str]) -> None:
    browser.open("/")
    browser.fill("username", who[0])
    browser.fill("password", who[1])
    browser.find("button[type=submit]").click()
    browser.see("Welkom")
    browser.console()  # Airflow asks for its settings before anybody signed in.


def add_connection(browser: Chromium, kind: str, fields: dict[str, str], picture: Path) -> None:
    """Airflow's own form; the fields by the names that it gives them."""
    browser.open("/connections")
    browser.press("Connectie toevoegen")
    browser.fill("connection_id", fields.pop("connection_id"))
    chosen = browser.find("[role=dialog] input[role=combobox]")
    chosen.send_keys(kind)
    browser.wait(lambda: kind in browser.find("[role=option]").text, kind)
    chosen.send_keys(Keys.ENTER)
    browser.see("Standaard velden")
    for name in ("login", "password", "host"):
        browser.fill(name, fields.pop(name))
    browser.press("Extra velden")
    for name, value in fields.items():
        browser.fill(f"element_{name}", value)
    browser.size((1280, 1060))  # the whole dialogue
    browser.picture(picture)
    browser.size(DESKTOP)
    save(browser)


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


def edit_connection(browser: Chromium, conn_id: str) -> None:
    browser.open("/connections")
    row = browser.find(f"//tr[contains(., '{conn_id}')]")
    row.find_element(By.CSS_SELECTOR, "[aria-label='Connectie wijzigen']").click()
    browser.press("Extra velden")
    browser.find("[role=dialog] [name^=element_]")


def mend_code_2(browser: Chromium) -> None:
    edit_connection(browser, "eboekhouden_winkel")
    browser.fill("element_security_code_2_secret", SECRETS[3])
    save(browser)


def save(browser: Chromium) -> None:
    browser.press("Opslaan")
    browser.gone("[role=dialog]")


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
    assert made["books"]["go_live"] == go_live or str(made["books"]["go_live"]) == go_live
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
    seed = {"seed": 11, "orders": 150, "from": _day(until - 2 * MONTH), "to": _day(until)}
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


# --- what the steps share -------------------------------------------------------------------------
def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}T00:00:00Z"


def cents(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part) if amount else 0


def spoil_two_orders(site: Site) -> None:
    """Amazon shows amounts that do not add up, until an order is posted as it was."""
    week = f"{datetime.now(UTC) - timedelta(days=6):%Y-%m-%dT%H}"
    fresh = [
        one
        for one in site.orders()
        if one["fulfillment"]["fulfillmentStatus"] == "SHIPPED" and one["lastUpdatedTime"] > week
    ]
    site.originals = fresh[:2]
    wrong = json.loads(json.dumps(site.originals))
    for one in wrong:
        one["orderItems"][0]["proceeds"]["proceedsTotal"]["amount"] = "1234.56"
    site.post(f"{site.where.amazon}/control/orders", wrong)


def start_dag(
    browser: Chromium,
    dag_id: str,
    picture: Path | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> None:
    """Airflow's *Trigger*, with its pickers where a window is wanted."""
    browser.open(f"/dags/{dag_id}")
    browser.press("Trigger Dag")
    browser.find("[data-testid=trigger-dag-submit]")
    if start and end:
        browser.see("Van")
        for number, moment in ((1, start), (2, end)):
            pickers = browser.driver.find_elements(By.CSS_SELECTOR, "[data-testid=datetime-input]")
            pickers[number].click()
            for shape, text in (("YYYY/MM/DD", f"{moment:%Y/%m/%d}"), ("HH:mm", "00:00")):
                field = browser.field(shape)
                field.clear()
                field.send_keys(text, Keys.ENTER)
            browser.find("//h2[contains(., 'Trigger Dag')]").click()
    if picture:
        browser.picture(picture)
    browser.find("[data-testid=trigger-dag-submit]").click()
    browser.gone("[data-testid=trigger-dag-submit]")


def api(browser: Chromium, path: str, method: str = "GET", body: str | None = None) -> Any:
    """Airflow's REST interface as its own page asks it."""
    browser.open("/dags")
    return browser.driver.execute_async_script(
        "const [path, method, body, done] = arguments; const headers = {'Content-Type': "
        "'application/json'}; fetch('/api/v2' + path, {method, body, headers})"
        ".then(answer => answer.json()).then(done)",
        path,
        method,
        body,
    )


def resume(browser: Chromium, dag_id: str) -> None:
    assert api(browser, f"/dags/{dag_id}", "PATCH", '{"is_paused": false}')["is_paused"] is False


def ended(browser: Chromium, dag_id: str) -> None:
    """Wait until no run of a DAG is under way."""

    def done() -> bool:
        runs = api(browser, f"/dags/{dag_id}/dagRuns?order_by=-run_after")["dag_runs"]
        return bool(runs) and {run["state"] for run in runs} <= {"success", "failed"}

    browser.wait(done, f"the end of {dag_id}")


def oldest(browser: Chromium) -> str:
    """Number of the settlement that has waited longest."""
    rows = browser.driver.find_elements(By.XPATH, "//tr[contains(., 'wacht op goedkeuring')]//a")
    return rows[-1].text
