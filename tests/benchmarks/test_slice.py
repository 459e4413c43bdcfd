"""The benchmark in small: its results are equal, its report is whole. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import extraction, hour, running
from benchmarks import settlement_data as data
from benchmarks.outcome import Line, Part, Shown, Unequal, insist_on_equal
from benchmarks.sandbox import sandboxes
from benchmarks.venvs import NotInstalled
from benchmarks.writing import write

ROOT = Path(__file__).parents[2]
ORDERS = 60


def answer(*command: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    line = next(x for x in done.stdout.splitlines() if x.startswith('{"answer"'))
    found = json.loads(line)
    assert found["seconds"] > 0
    assert found["peak_mb"] > 0
    return found["answer"]


@pytest.fixture(scope="module")
def settlement(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    folder = tmp_path_factory.mktemp("bench")
    data.write(folder / "s.txt", ORDERS)
    rows = [f"{data.order_id(n)},{data.gross_cents(n)}" for n in range(ORDERS)]
    (folder / "i.csv").write_text("\n".join(["order_id,gross_cents", *rows, ""]))
    data.booked(ORDERS).to_parquet(folder / "b.parquet", index=False)
    return str(folder / "s.txt"), str(folder / "i.csv"), str(folder / "b.parquet")


@pytest.mark.parametrize("script", ["match_csv.py", "match_grouped.py", "match_naive.py"])
def test_matchers_agree_with_ours_to_the_cent(
    settlement: tuple[str, str, str], script: str
) -> None:
    file, invoices, booked = settlement
    ours = answer("-m", "benchmarks.ours_match", file, booked, "yes")
    assert ours == answer(f"benchmarks/peers/{script}", file, invoices)
    assert ours["orders"] == ours["matched"] == ORDERS
    assert ours["fees_cents"] == data.fees_cents(ORDERS)
    assert ours["total_cents"] == data.total_cents(ORDERS)


def test_every_order_becomes_frames_that_pass() -> None:
    found = answer("-m", "benchmarks.ours_frames", "40")
    assert found["read"] == 40
    assert found["held"] == 0
    assert 30 <= found["booked"] <= 40


def test_an_hour_and_the_same_hour_again() -> None:
    part = hour.measure(quick=True)
    shown = {one.what: one for one in part.shown}
    again = shown["re-run of a finished hour"]
    assert again.met, again.found
    waiting = shown["120 orders under enforced buckets: waiting"]
    assert waiting.met, waiting.found


def test_extraction_into_the_encrypted_store_reads_every_order() -> None:
    with sandboxes() as sandbox:
        sandbox.no_limits()
        wishes = {"seed": 5, "orders": 40, "from": "2026-09-01", "to": "2026-10-01", "mcf": 0}
        sandbox.control("amazon", "seed", wishes)
        window = ("2026-09-01T00:00:00Z", "2026-11-01T00:00:00Z")
        found = running.run(running.ours("ours_extract", *window), **sandbox.variables)
    assert found.answer["orders"] == 40


def test_contestants_read_the_same_orders_with_and_without_a_service_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def own_library_only(venv: str) -> str:
        if venv == "airbyte":
            raise NotInstalled("not here")
        return sys.executable

    monkeypatch.setattr(extraction, "python_of", own_library_only)
    part = extraction.measure(quick=True)
    assert part.equal.startswith("60 orders")
    for name in (extraction.OURS, extraction.V0):
        plain, served = [one for one in part.lines if one.who == name]
        assert (plain.what, served.what) == ("60 orders", "60 orders, 50 ms per call"), name
        assert plain.note.split(" per order")[0] == served.note.split(" per order")[0], name
        calls = int(served.note.split()[0])
        assert served.seconds is not None
        # Those of warming up are counted, and not timed.
        assert served.seconds >= (calls - 3) * extraction.SERVICE_S, name
    missing = [one for one in part.lines if one.who == extraction.AIRBYTE]
    assert [one.note for one in missing] == ["could not run: not here"] * 2


def test_unequal_results_are_refused() -> None:
    insist_on_equal({"a": {"x": 1}, "b": {"x": 1}})
    with pytest.raises(Unequal, match="b"):
        insist_on_equal({"a": {"x": 1}, "b": {"x": 2}})


def test_the_report_names_what_was_and_was_not_met(tmp_path: Path) -> None:
    part = Part("p", "A part", equal="all same")
    part.lines = [Line("ours", "10 orders", 0.5, "20/s", 3.0, 1.0), Line("peer", "10", None)]
    part.shown = [Shown("fast", "<= 1 s", "0.5 s", True), Shown("small", "<= 1", "2", False)]
    part.curves = {"ours": [(10, 0.5), (100, 5.0)]}
    text = write(tmp_path, [part], ["p"])
    assert "| fast | <= 1 s | 0.5 s | yes |" in text
    assert "| small | <= 1 | 2 | NO |" in text
    assert (tmp_path / "results.md").read_text() == text
    drawn = ET.fromstring((tmp_path / "results.svg").read_text())  # noqa: S314
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == 1
    assert running.exponent((10, 0.5), (100, 5.0)) == pytest.approx(1.0)


def test_a_part_that_is_not_measured_anew_keeps_its_figures(tmp_path: Path) -> None:
    old = Part("b", "Second", lines=[Line("ours", "10", 1.0)], curves={"ours": [(10, 1.0)]})
    old.measured = "yesterday"
    write(tmp_path, [Part("a", "First", measured="yesterday"), old], ["a", "b"])
    text = write(tmp_path, [Part("a", "First", measured="today")], ["a", "b"])
    assert [line for line in text.splitlines() if line.startswith(("## ", "Measured"))] == [
        "## First",
        "Measured today.",
        "## Second",
        "Measured yesterday.",
    ]
    assert "| ours | 10 | 1 |" in text
    assert ">ours</text>" in (tmp_path / "results.svg").read_text()
