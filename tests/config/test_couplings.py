"""Wrong settings are refused at the start, with field, line, cause and remedy."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.config.vat import sale_row
from amazon_eboekhouden.domain.errors import SettingsError
from amazon_eboekhouden.pipelines.runtime import read_settings

GOOD = """\
name: shop
seller:
  connection: amazon_shop
  marketplaces: [NL]
books:
  connection: eboekhouden_shop
  go_live: 2026-10-01
"""


def faults(tmp_path: Path, text: str) -> list[tuple[str, str, int]]:
    (tmp_path / "shop.yaml").write_text(text)
    with pytest.raises(couplings.Invalid) as caught:
        couplings.read(tmp_path, "shop")
    return caught.value.faults


def test_the_shipped_couplings_are_valid() -> None:
    demo = couplings.read(couplings.SHIPPED, "demo")
    assert demo.settlement.approval == "automatic"
    assert demo.seller.stock_in == ["NL"]
    example = couplings.SHIPPED / "example.yaml"
    renamed = example.read_text().replace("name: example", "name: mine")
    assert "name: mine" in renamed


def test_the_annotated_example_names_every_setting(tmp_path: Path) -> None:
    text = (couplings.SHIPPED / "example.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("name: example", "name: mine"))
    shown = couplings.read(tmp_path, "mine")
    assert shown.model_fields_set == set(type(shown).model_fields)
    for part in (shown.seller, shown.seller.vat, shown.books, shown.accounts, shown.settlement):
        assert part.model_fields_set == set(type(part).model_fields), type(part).__name__


def test_defaults_fill_what_is_not_said(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD)
    read = couplings.read(tmp_path, "shop")
    assert read.accounts.clearing.of("EUR") == "1090"
    assert read.accounts.clearing.of("USD") == "1094"
    assert read.settlement.approval == "first_then_automatic"


def test_one_clearing_account_may_be_written_short(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD + 'accounts: {clearing: "1095"}\n')
    assert couplings.read(tmp_path, "shop").accounts.clearing.of("EUR") == "1095"


@pytest.mark.parametrize(
    ("old", "new", "field", "line"),
    [
        ("go_live: 2026-10-01", "go_live: soon", "books.go_live", 7),
        ("[NL]", "[NL, US]", "seller.marketplaces.1", 4),
        ("  connection: amazon_shop\n", "", "seller.connection", 2),
        ("seller:", "sellr:\n  x: 1\nseller:", "sellr", 2),
        ("name: shop", "name: other", "name", 1),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, field: str, line: int
) -> None:
    found = faults(tmp_path, GOOD.replace(old, new))
    assert [(f, n) for f, _, n in found] == [(field, line)]


def test_text_that_is_not_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert faults(tmp_path, "name: shop\nseller: [")[0][0] == "file"


def test_an_unknown_coupling_names_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD)
    with pytest.raises(couplings.Invalid, match="known are: shop"):
        couplings.read(tmp_path, "shap")


def test_invoices_need_a_template(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD.replace("books:", "books:\n  document: invoice"))
    assert "factuursjabloon" in found[0][1]


def test_the_problem_of_a_wrong_setting_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD.replace("[NL]", "[]"))
    environment = environment_of({"AMAZON_EBOEKHOUDEN_COUPLINGS": str(tmp_path), "HOME": "/"})
    with pytest.raises(SettingsError) as caught:
        read_settings(environment, "shop")
    (found,) = caught.value.problems
    assert found.code == "settings-invalid"
    assert found.row == "shop.yaml, line 4"
    assert "seller.marketplaces" in found.cause
    assert "line 4" in found.todo


def test_an_override_of_a_sale_kind_that_does_not_exist_is_named(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD + "vat:\n  - {sale_kind: S99, code: HOOG_VERK_21}\n")
    assert [(field, line) for field, _, line in found] == [("vat.0.sale_kind", 9)]


@pytest.mark.parametrize(
    ("override", "why"),
    [
        ("sale_kind: S6, code: HOOG_VERK_21", "puts 21 % of Dutch VAT in the books"),
        ("sale_kind: S12, code: LAAG_VERK_9", "puts 9 % of Dutch VAT in the books"),
        ("sale_kind: S10, rate_percent: 21, code: LAAG_VERK_9", "kind S10 at 21 %"),
        ("sale_kind: S10, code: GEEN", "carries no VAT"),
        ("sale_kind: S7, rate_percent: 9, code: BI_EU_VERK", "carries no VAT"),
    ],
)
def test_a_code_that_carries_another_vat_than_the_sale_is_refused(
    tmp_path: Path, override: str, why: str
) -> None:
    """Foreign VAT never enters the Dutch return, and Dutch VAT never leaves it."""
    [(field, found, line)] = faults(tmp_path, GOOD + f"vat:\n  - {{{override}}}\n")
    assert (field, line) == ("vat.0.code", 9)
    assert why in found


def test_an_override_without_a_rate_is_meant_for_the_rate_of_its_code(tmp_path: Path) -> None:
    more = 'vat:\n  - {sale_kind: S10, code: HOOG_VERK_21, account: "8005"}\n'
    (tmp_path / "shop.yaml").write_text(GOOD + more)
    settings = couplings.read(tmp_path, "shop")
    rows = [sale_row("S10", Decimal(percent), settings) for percent in (21, 9)]
    assert [(row.code, row.account) for row in rows if row] == [
        ("HOOG_VERK_21", "8005"),
        ("LAAG_VERK_9", ""),
    ]


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ("fee_kind: nothing", "fees.0.fee_kind"),
        ("fee_kind: fba, vat_code: HOOG_VERK_21", "fees.0.vat_code"),
        ("fee_kind: fba, vat_code: VERL_INK_L9", "fees.0.vat_code"),
    ],
)
def test_an_override_of_fees_that_cannot_be_is_named(
    tmp_path: Path, override: str, field: str
) -> None:
    found = faults(tmp_path, GOOD + f"fees:\n  - {{{override}}}\n")
    assert [name for name, _, _ in found] == [field]


@pytest.mark.parametrize("setting", ["document", "document_b2b"])
def test_invoices_need_their_template(tmp_path: Path, setting: str) -> None:
    [(field, why, _)] = faults(tmp_path, GOOD.replace("books:", f"books:\n  {setting}: invoice"))
    assert field == "books"
    assert "invoice_template" in why


def test_a_sale_that_amazon_invoices_gets_no_second_invoice(tmp_path: Path) -> None:
    both = "books:\n  document: invoice\n  invoice_template: X\n  invoice_source: vcs_amazon"
    [(_, why, _)] = faults(tmp_path, GOOD.replace("books:", both))
    assert "one sale has one invoice" in why


def test_shipments_cannot_be_invoiced_before_they_are_shipped(tmp_path: Path) -> None:
    both = "books:\n  invoice_unit: shipment\n  invoice_on: unshipped"
    [(field, why, _)] = faults(tmp_path, GOOD.replace("books:", both))
    assert field == "books"
    assert "invoice_on: shipped" in why


@pytest.mark.parametrize(
    ("rates", "why"),
    [
        (
            "[{percent: 9, until_date: 2026-06-30}, {percent: 21, from_date: 2026-06-30}]",
            "two rates",
        ),
        ("[{percent: 9, from_date: 2026-07-01, until_date: 2026-06-30}]", "lies before"),
        ("120", "less than 100"),
        ("[]", "at least 1 item"),
    ],
)
def test_rates_of_an_article_that_cannot_be(tmp_path: Path, rates: str, why: str) -> None:
    more = f"seller:\n  vat: {{rates_by_sku: {{BOEK: {{NL: {rates}}}}}}}"
    [(field, found, line)] = faults(tmp_path, GOOD.replace("seller:", more))
    assert field.startswith("seller.vat.rates_by_sku.BOEK.NL")
    assert why in found
    assert line > 2
