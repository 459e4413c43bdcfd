"""What is to be booked, and the one relation that it needs, made off the clock."""

import json

USER = ("sandbox", "0123456789abcdef0123456789abcdef", "{A1B2C3D4-0000-4000-8000-000000000001}")
DEBTORS = "1300"


def bookings(path):
    with open(path) as file:
        return json.load(file)


def money(cents):
    return f"{cents / 100:.2f}"


def make_relations(url, plan):
    from eboekhouden_python import EboekhoudenClient
    from eboekhouden_python.models import Relatie

    client = EboekhoudenClient(*USER, server_url=url)
    for code in sorted({one["relation"] for one in plan}):
        made = Relatie(relatie_code=code, bedrijf_particulier="P", bedrijf="Consumenten NL")
        client.add_relatie(made)
