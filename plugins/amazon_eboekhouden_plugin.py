"""Mounts the dashboard in Airflow's pages.

Every process of Airflow imports this file, and only the api-server shows pages: the dashboard is
built at the first request, so that a worker does not pay for it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/amazon-eboekhouden"


@cache
def _dashboard() -> ASGIApp:
    from amazon_eboekhouden.provider.dashboard.app import create_app

    return create_app()


async def dashboard(scope: Scope, receive: Receive, send: Send) -> None:
    """The dashboard as an ASGI app."""
    await _dashboard()(scope, receive, send)


class AmazonEBoekhoudenPlugin(AirflowPlugin):
    """The page *Koppeling* in the navigation, and the app behind it."""

    name = "amazon_eboekhouden"
    fastapi_apps = [  # noqa: RUF012 - as Airflow wants it
        {"app": dashboard, "url_prefix": PREFIX, "name": "Amazon → e-Boekhouden"}
    ]
    external_views = [  # noqa: RUF012
        {
            # The side bar has room for ten letters.
            "name": "Koppeling",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "amazon-eboekhouden",
            "nav_top_level": True,
        }
    ]
