"""The bare floor: csv and a dict, integer cents, tie-out asserted; nothing is kept per row."""

import csv
import sys

from measure import answer_of, measured


def main(settlement, invoices):
    with open(invoices) as file:
        open_items = {order: int(gross) for order, gross in list(csv.reader(file))[1:]}

    def job():
        with open(settlement, newline="") as file:
            lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            place = {name: n for n, name in enumerate(next(lines))}
            order, kind = place["order-id"], place["amount-type"]
            amount, whole = place["amount"], place["total-amount"]
            paid, fees, total, seen = {}, 0, 0, 0
            for row in lines:
                if row[whole]:
                    total = int(row[whole].replace(",", ""))
                    continue
                cents = int(row[amount].replace(",", ""))
                seen += cents
                if row[kind] == "ItemPrice":
                    paid[row[order]] = paid.get(row[order], 0) + cents
                else:
                    fees += cents
        assert seen == total
        matched = sum(open_items.get(one) == cents for one, cents in paid.items())
        return lambda: answer_of(paid, matched, fees, total)

    measured(job)


main(*sys.argv[1:3])
