"""The textbook way: a pandas mask per order."""

import sys
from decimal import Decimal

import pandas as pd
from measure import answer_of, measured


def cents(text):
    return int(Decimal(text.replace(",", ".")) * 100)


def main(settlement, invoices):
    open_items = pd.read_csv(invoices, dtype={"order_id": str})

    def job():
        rows = pd.read_csv(settlement, sep="\t", dtype=str, keep_default_na=False)
        total = cents(rows["total-amount"].iloc[0])
        rows = rows[rows["amount"] != ""].copy()
        rows["cents"] = rows["amount"].map(cents)
        paid, matched = {}, 0
        for order, gross in zip(open_items["order_id"], open_items["gross_cents"], strict=True):
            own = rows[(rows["order-id"] == order) & (rows["amount-type"] == "ItemPrice")]
            paid[order] = int(own["cents"].sum())
            matched += paid[order] == gross
        fees = int(rows.loc[rows["amount-type"] != "ItemPrice", "cents"].sum())
        assert int(rows["cents"].sum()) == total
        return lambda: answer_of(paid, int(matched), fees, total)

    measured(job)


main(*sys.argv[1:3])
