"""Debian's Chromium, driven by what a person sees: labels, buttons, links."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

DESKTOP, PHONE = (1280, 860), (390, 844)
# Long, for a busy machine: what is waited for comes, or the step fails.
PATIENCE_S = 180
# What axe calls worth mending before anybody is let in.
GRAVE = ("serious", "critical")


class Chromium:
    """One window."""

    def __init__(self, url: str, downloads: Path, axe: str) -> None:
        self.url = url
        self.downloads = downloads
        self.axe = axe
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--lang=nl"):
            options.add_argument(word)
        options.add_argument("--hide-scrollbars")
        options.add_experimental_option(
            "prefs",
            {
                "intl.accept_languages": "nl",
                "download.default_directory": str(downloads),
                "profile.password_manager_leak_detection": False,
            },
        )
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Chromium leaves profiles and sockets behind.
        self._left_behind = TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        environment = {**os.environ, "TMPDIR": self._left_behind.name}
        self.driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver", env=environment))
        self.size(DESKTOP)

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()
        self._left_behind.cleanup()

    # --- where -----------------------------------------------------------------------------------
    def size(self, wanted: tuple[int, int]) -> None:
        """A desktop's window, or a phone's."""
        self.width, height = wanted
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": self.width,
                "height": height,
                "deviceScaleFactor": 1,
                "mobile": wanted == PHONE,
            },
        )

    def open(self, path: str) -> None:
        """A page of this Airflow."""
        self.driver.switch_to.default_content()
        self.driver.get(self.url + path)

    @property
    def path(self) -> str:
        """Path of the page that is shown, without its question."""
        return str(self.driver.current_url).removeprefix(self.url).partition("?")[0]

    def again(self, path: str, text: str) -> None:
        """Load a page until it shows a text."""

        def shown() -> bool:
            self.open(path)
            return text in self.text

        self.wait(shown, f"the text {text!r} at {path}")

    @contextmanager
    def framed(self) -> Iterator[None]:
        """Inside the dashboard's frame in Airflow's page."""
        self.driver.switch_to.default_content()
        self.driver.switch_to.frame(self.find("iframe"))
        try:
            yield
        finally:
            self.driver.switch_to.default_content()

    # --- what a person does --------------------------------------------------------------------
    def find(self, where: str) -> WebElement:
        """The first visible element of a CSS selector or an XPath, waited for."""
        kind = By.XPATH if where.startswith("//") else By.CSS_SELECTOR
        found = self.wait(lambda: next(iter(self._visible(kind, where)), None), where)
        assert isinstance(found, WebElement)
        return found

    def gone(self, css: str) -> None:
        """Wait until no such element is shown."""
        self.wait(lambda: not self._visible(By.CSS_SELECTOR, css), f"{css} gone")

    def see(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.wait(lambda: text in self.text, f"the text {text!r}")

    @property
    def text(self) -> str:
        """What the page shows."""
        return str(self.driver.execute_script("return document.body?.innerText ?? ''"))

    def press(self, name: str) -> None:
        """A button or link by its words."""
        quoted = f'"{name}"'
        path = (
            f"//button[normalize-space()={quoted} or @aria-label={quoted}]"
            f" | //a[normalize-space()={quoted}] | //summary[normalize-space()={quoted}]"
        )
        wanted = self.wait(lambda: next(iter(self._visible(By.XPATH, path)), None), name)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", wanted)
        wanted.click()

    def fill(self, label: str, value: str) -> None:
        """A field by its label."""
        field = self.field(label)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
        field.clear()
        field.send_keys(value)

    def fill_reason(self, button: str, why: str) -> None:
        """Open the form that asks why, fill it in and press its button."""
        self.press(f"{button}…" if button != "Overslaan" else "Overslaan met reden…")
        self.fill("Waarom?", why)
        self.press(button)

    def choose(self, label: str, words: str) -> None:
        """One of a list."""
        Select(self.field(label)).select_by_visible_text(words)

    def field(self, label: str) -> WebElement:
        """The field that a label names."""
        found = self.wait(
            lambda: self.driver.execute_script(_FIELD_OF, label), f"the field {label!r}"
        )
        assert isinstance(found, WebElement)
        return found

    def wait(self, look: Any, what: str) -> Any:
        """What `look` finds, once it finds something."""
        waiting = WebDriverWait(self.driver, PATIENCE_S, poll_frequency=0.1)
        try:
            return waiting.until(lambda _: _quietly(look))
        except TimeoutException:
            pytest.fail(f"not seen: {what}, at {self.driver.current_url}")

    def _visible(self, by: str, what: str) -> list[WebElement]:
        return [one for one in self.driver.find_elements(by, what) if one.is_displayed()]

    # --- what is held against a page ------------------------------------------------------------
    def grave_findings(self) -> list[str]:
        """What axe calls serious or critical on the page that is shown."""
        self.driver.execute_script(self.axe)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {iframes: false}).then(r => done(r))"
        )
        return [
            f"{one['id']}: {one['help']}: {node['html'][:160]}"
            for one in found["violations"]
            if one["impact"] in GRAVE
            for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.driver.execute_script("return document.documentElement.scrollWidth")) - (
            self.width
        )

    def console(self) -> list[str]:
        """What the page complained about since the last time."""
        return [
            one["message"] for one in self.driver.get_log("browser") if one["level"] == "SEVERE"
        ]

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A screenshot of the window, or of the whole page."""
        time.sleep(0.3)  # Airflow's dialogues slide in; a picture of half a slide says nothing.
        if whole:
            found = self.driver.execute_cdp_cmd(
                "Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"}
            )
        else:
            found = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        file.write_bytes(base64.b64decode(found["data"]))


def _quietly(look: Any) -> Any:
    """Pages of Airflow are drawn anew under our hands: look again then."""
    try:
        return look()
    except (NoSuchElementException, StaleElementReferenceException):
        return None
    except WebDriverException as error:
        if "does not belong to the document" in str(error):  # Chromium's words for stale
            return None
        raise


_FIELD_OF = """
const wanted = arguments[0];
const shown = e => e.offsetParent !== null;
for (const label of document.querySelectorAll("label")) {
  const own = [...label.childNodes].filter(n => n.nodeType === 3);
  const words = own.map(n => n.data).join("").trim();
  if (words !== wanted && label.textContent.replace("*", "").trim() !== wanted) continue;
  const inner = label.control || label.querySelector("input, select, textarea");
  if (inner && shown(inner)) return inner;
  const near = label.closest("[role=group], .chakra-field__root, div")
  const beside = near && near.querySelector("input, select, textarea");
  if (beside && shown(beside)) return beside;
}
for (const field of document.querySelectorAll("input, select, textarea")) {
  const named = [field.getAttribute("aria-label"), field.placeholder, field.name, field.id];
  if (named.includes(wanted) && shown(field)) return field;
}
return null;
"""
