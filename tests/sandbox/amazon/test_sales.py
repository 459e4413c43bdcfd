"""Generated sales by themselves, and the arithmetic under them."""

import re
from random import Random

import pytest
from amazon_eboekhouden.config.territories import territory_of
from coupling_sandbox.amazon.generator import year as the_year
from coupling_sandbox.amazon.generator.arithmetic import money, share, split_net, vat_inside
from coupling_sandbox.amazon.generator.catalogue import postal_code
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.rates import STANDARD
from coupling_sandbox.amazon.generator.truth import order_truth
from coupling_sandbox.amazon.generator.vat_numbers import invalid, valid
from stdnum.eu import vat as eu_vat


def test_arithmetic():
    assert [share(n, 1, 2) for n in (1, -1, 3, -3)] == [1, -1, 2, -2]
    assert vat_inside(4999, 210) == 868
    assert vat_inside(4580, 255) == 931
    assert split_net([199, 199, 199], 210) == [165, 164, 164]
    assert split_net([4990, 399, 250, -500, -399], 210) == [4124, 330, 206, -413, -330]
    assert money(-5) == "-0.05"
    assert money(123456, comma=True) == "1234,56"


def test_vat_numbers_have_sound_check_digits():
    rng = Random(1)  # noqa: S311
    for country in ("BE", "DE", "FR", "IT"):
        for _ in range(50):
            assert eu_vat.is_valid(valid(rng, country))
            assert not eu_vat.is_valid(invalid(rng, country))


def test_no_ordinary_address_lies_in_a_special_territory() -> None:
    """The truth says mainland: a code of Ceuta, Åland or Mittelberg would make it a lie."""
    special = {"ES": r"(35|38|51|52)\d{3}", "FI": r"22\d{3}", "AT": r"6691|699[123]",
               "DE": r"27498|78266", "IT": r"22061|23041", "GR": r"6308[67]", "PT": r"9.*",
               "FR": r"9[78]\d{3}"}  # fmt: skip
    rng = Random(7)  # noqa: S311
    for country, pattern in special.items():
        codes = {postal_code(rng, country) for _ in range(3000)}
        assert [code for code in codes if re.fullmatch(pattern, code)] == []


def test_stock_abroad_without_a_registration_is_held_whatever_leaves_it() -> None:
    options = SeedOptions.from_json({"orders": 3000, "profile": "year", "stock": ["NL", "DE"],
                              "business": 0.4})  # fmt: skip
    sales = [the_year.sale(options, index) for index in range(3000)]
    abroad = [one for one in sales if one.ship_from == "DE" and one.status == "SHIPPED"]
    kinds = {one.kind for one in abroad}
    assert kinds >= {"local_abroad", "oss", "export", "intra_community", "facilitator"}
    taxed = [one for one in abroad if one.kind not in ("mcf", "replacement")]
    assert {one.expected for one in taxed} == {"held"}
    assert any(one.kind == "local_abroad" and one.buyer.vat_number for one in abroad)


def test_each_shipment_has_an_id_of_its_own() -> None:
    options = SeedOptions.from_json({"orders": 400, "profile": "year"})
    sales = [the_year.sale(options, index) for index in range(400)]
    split = [one for one in sales if one.second is not None and one.expected != "skipped"]
    assert split
    for one in split:
        ids = [shipment for shipment, _, _ in one.shipments()]
        assert len(set(ids)) == 2
        assert [order_truth(one)["shipments"][n]["shipment_id"] for n in (0, 1)] == ids


def test_a_replacement_names_the_order_that_it_replaces() -> None:
    options = SeedOptions.from_json({"profile": "year", "orders": 600, "replaced": 0.05})
    sales = {one.order_id: one for one in (the_year.sale(options, n) for n in range(600))}
    replaced = [one for one in sales.values() if one.original]
    known = [(one, sales[one.original[0]]) for one in replaced if one.original[0] in sales]
    assert len(known) > 20
    assert len(known) > len(replaced) * 0.8
    for one, original in known:
        assert original.complete < one.created
        assert original.status == "SHIPPED"
    assert {one.original[1] for one in replaced} == {
        "REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"
    }  # fmt: skip


@pytest.mark.parametrize("country", sorted(STANDARD))
def test_ordinary_buyers_live_on_the_mainland(country):
    rng = Random(1)  # noqa: S311
    mainland = territory_of(country, "")
    codes = {postal_code(rng, country) for _ in range(40_000)}
    assert {territory_of(country, code) for code in codes} == {mainland}
