"""eboekhouden-python 0.4.2, the careful way its documentation shows: exists? else add."""

import sys

from book_plan import DEBTORS, USER, bookings, make_relations, money
from eboekhouden_python import EboekhoudenClient
from eboekhouden_python.models import Mutatie, MutatieRegel
from measure import measured


def main(url, path):
    plan = bookings(path)
    make_relations(url, plan)
    client = EboekhoudenClient(*USER, server_url=url)

    def job():
        booked = 0
        for one in plan:
            made = mutation(one)
            if not client.mutatie_exists(made):
                client.add_mutatie(made)
                booked += 1
        return {"booked": booked}

    measured(job)


def mutation(one):
    return Mutatie.factuur_verstuurd(
        datum=one["date"],
        rekening=DEBTORS,
        relatie_code=one["relation"],
        factuur_nummer=one["invoice"],
        omschrijving=one["description"],
        betalingstermijn=str(one["term"]),
        mutatie_regels=[
            MutatieRegel(
                bedrag_invoer=money(line["gross_cents"]),
                bedrag_exclusief_btw=money(line["net_cents"]),
                bedrag_btw=money(line["vat_cents"]),
                bedrag_inclusief_btw=money(line["gross_cents"]),
                btw_code=line["vat_code"],
                btw_percentage=line["vat_percent"],
                tegenrekening_code=line["account"],
            )
            for line in one["lines"]
        ],
    )


main(*sys.argv[1:3])
