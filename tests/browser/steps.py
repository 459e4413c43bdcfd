"""What the steps of the journey share: signing in, Airflow's forms, what is held against a page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import DESKTOP, PHONE, Chromium
from tests.browser.stack import Site

BOARD = "/amazon-eboekhouden"
SHOP = f"{BOARD}/koppeling/winkel"
SECRETS = (
    "sandbox-secret",
    "Atzr|sandbox",
    "0123456789abcdef0123456789abcdef",
    "{A1B2C3D4-0000-4000-8000-000000000001}",
)


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


def midnight(moment: datetime) -> str:
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
