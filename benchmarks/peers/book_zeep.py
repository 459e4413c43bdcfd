"""A bare zeep loop: one session, one AddMutatie per booking, no look before and none after."""

import sys

import zeep
from book_plan import DEBTORS, USER, bookings, make_relations, money
from measure import measured


def main(url, path):
    plan = bookings(path)
    make_relations(url, plan)
    client = zeep.Client(url)

    def job():
        session = client.service.OpenSession(
            Username=USER[0], SecurityCode1=USER[1], SecurityCode2=USER[2]
        )["SessionID"]
        booked = 0
        for one in plan:
            answer = client.service.AddMutatie(
                SessionID=session, SecurityCode2=USER[2], oMut=mutation(one)
            )
            assert not answer["ErrorMsg"] or not answer["ErrorMsg"]["LastErrorCode"], answer
            booked += 1
        client.service.CloseSession(SessionID=session)
        return {"booked": booked}

    measured(job)


def mutation(one):
    return {
        "MutatieNr": 0,
        "Soort": "FactuurVerstuurd",
        "Datum": one["date"],
        "Rekening": DEBTORS,
        "RelatieCode": one["relation"],
        "Factuurnummer": one["invoice"],
        "Omschrijving": one["description"],
        "Betalingstermijn": str(one["term"]),
        "InExBTW": "IN",
        "MutatieRegels": {
            "cMutatieRegel": [
                {
                    "BedragInvoer": money(line["gross_cents"]),
                    "BedragExclBTW": money(line["net_cents"]),
                    "BedragBTW": money(line["vat_cents"]),
                    "BedragInclBTW": money(line["gross_cents"]),
                    "BTWCode": line["vat_code"],
                    "BTWPercentage": line["vat_percent"],
                    "TegenrekeningCode": line["account"],
                    "KostenplaatsID": 0,
                }
                for line in one["lines"]
            ]
        },
    }


if __name__ == "__main__":
    main(*sys.argv[1:3])
