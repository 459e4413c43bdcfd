"""beancount: a journal is written, loaded (its checks on) and its links summed per order."""

import csv
import os
import sys
import tempfile
from decimal import Decimal

from beancount import loader
from beancount.core import data
from measure import answer_of, measured

ACCOUNTS = {"ItemPrice": "Income:Sales", "ItemFees": "Expenses:Fees"}


def main(settlement, invoices):
    with open(invoices) as file:
        open_items = {order: int(gross) for order, gross in list(csv.reader(file))[1:]}

    def journal(file):
        accounts = ("Income:Sales", "Expenses:Fees", "Assets:Clearing")
        file.write("".join(f"2020-01-01 open {account} EUR\n" for account in accounts))
        with open(settlement, newline="") as given:
            lines = csv.DictReader(given, delimiter="\t", quoting=csv.QUOTE_NONE)
            total, last, kept = 0, None, []
            for row in lines:
                if row["total-amount"]:
                    total = int(row["total-amount"].replace(",", ""))
                    continue
                if row["order-id"] != last and kept:
                    write(file, last, kept)
                    kept = []
                last = row["order-id"]
                day = "-".join(reversed(row["posted-date"].split(".")))
                amount = row["amount"].replace(",", ".")
                kept.append((day, ACCOUNTS.get(row["amount-type"], "Expenses:Fees"), amount))
            write(file, last, kept)
        return total

    def write(file, order, rows):
        file.write(f'{rows[0][0]} * "Amazon" "{order}"{" ^" + order if order else ""}\n')
        for _, account, amount in rows:
            file.write(f"  {account}  {-Decimal(amount)} EUR\n")
        file.write("  Assets:Clearing\n")

    def job():
        handle, name = tempfile.mkstemp(suffix=".beancount", text=True)
        with os.fdopen(handle, "w") as file:
            total = journal(file)
        entries, errors, _ = loader.load_file(name)
        os.unlink(name)
        assert not errors, errors[:3]
        paid, fees, seen = {}, 0, 0
        for entry in entries:
            if not isinstance(entry, data.Transaction):
                continue
            order = next(iter(entry.links), "")
            for posting in entry.postings:
                cents = int(posting.units.number * 100)
                if posting.account == "Income:Sales":
                    paid[order] = paid.get(order, 0) - cents
                elif posting.account == "Expenses:Fees":
                    fees -= cents
                else:
                    seen += cents
        assert seen == total
        matched = sum(open_items.get(one) == cents for one, cents in paid.items())
        return lambda: answer_of(paid, matched, fees, total)

    measured(job)


main(*sys.argv[1:3])
