"""Sellers API v1: the marketplaces a seller takes part in."""

from collections.abc import Mapping
from typing import Any

from coupling_sandbox.amazon.places import MARKETPLACES
from coupling_sandbox.amazon.service import Asked, Operation


async def participations(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /sellers/v1/marketplaceParticipations``."""
    wanted = asked.grant.marketplaces or tuple(MARKETPLACES)
    listed = []
    for code in wanted:
        place = MARKETPLACES[code]
        marketplace = {
            "id": place.id,
            "countryCode": place.country,
            "name": place.name,
            "defaultCurrencyCode": place.currency,
            "defaultLanguageCode": place.language,
            "domainName": f"www.{place.name.lower()}",
        }
        listed.append(
            {
                "marketplace": marketplace,
                "storeName": f"Sandbox winkel {asked.seller[-4:]}",
                "participation": {"isParticipating": True, "hasSuspendedListings": False},
            }
        )
    return {"payload": listed}


OPERATIONS = (
    Operation(
        "getMarketplaceParticipations",
        "GET",
        "/sellers/v1/marketplaceParticipations",
        participations,
    ),
)
