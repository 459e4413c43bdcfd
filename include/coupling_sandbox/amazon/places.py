"""Amazon's European marketplaces: identity, currency and the local habits of their files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Marketplace:
    """One marketplace.

    Attributes:
        code: how sellers write it (UK, not GB).
        date: format of dates in its settlement files.
        comma: whether its files write amounts with a decimal comma.
    """

    code: str
    id: str
    name: str
    country: str
    currency: str
    language: str
    date: str
    comma: bool


# Ids, names and currencies: amazon-sp-api reference. Date and number style beyond DE: unverified.
MARKETPLACES = {
    place.code: place
    for place in (
        Marketplace("NL", "A1805IZSGTT6HS", "Amazon.nl", "NL", "EUR", "nl_NL", "%d.%m.%Y", True),
        Marketplace("DE", "A1PA6795UKMFR9", "Amazon.de", "DE", "EUR", "de_DE", "%d.%m.%Y", True),
        Marketplace("FR", "A13V1IB3VIYZZH", "Amazon.fr", "FR", "EUR", "fr_FR", "%d/%m/%Y", True),
        Marketplace("IT", "APJ6JRA9NG5V4", "Amazon.it", "IT", "EUR", "it_IT", "%d/%m/%Y", True),
        Marketplace("ES", "A1RKKUPIHCS9HS", "Amazon.es", "ES", "EUR", "es_ES", "%d/%m/%Y", True),
        Marketplace("BE", "AMEN7PMS3EDWL", "Amazon.com.be", "BE", "EUR", "nl_BE", "%d.%m.%Y", True),
        Marketplace("SE", "A2NODRKZP88ZB9", "Amazon.se", "SE", "SEK", "sv_SE", "%Y-%m-%d", True),
        Marketplace("PL", "A1C3SOZRARQ6R3", "Amazon.pl", "PL", "PLN", "pl_PL", "%d.%m.%Y", True),
        Marketplace("IE", "A28R8C7NBKEWEA", "Amazon.ie", "IE", "EUR", "en_IE", "%d/%m/%Y", False),
        Marketplace(
            "UK", "A1F83G8C2ARO7P", "Amazon.co.uk", "GB", "GBP", "en_GB", "%Y-%m-%d", False
        ),
        Marketplace(
            "TR", "A33AVAJ2PDY3EV", "Amazon.com.tr", "TR", "TRY", "tr_TR", "%d.%m.%Y", True
        ),
    )
}
BY_NAME = {place.name: place for place in MARKETPLACES.values()}
