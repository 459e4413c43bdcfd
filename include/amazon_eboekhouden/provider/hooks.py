"""Hooks: Airflow's connections in, the product's runtime out."""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

from amazon_eboekhouden.config.connections import (
    AMAZON,
    EBOEKHOUDEN,
    SANDBOX_CONNECTIONS,
    SECRET_EXTRAS,
    Connection,
    variable_of,
)


def connection_of(conn_id: str) -> Connection | None:
    """The connection as Airflow knows it; the demo's own when Airflow has none of that name."""
    try:
        found = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return SANDBOX_CONNECTIONS.get(conn_id)
    for secret in (found.password, *map(found.extra_dejson.get, SECRET_EXTRAS)):
        if secret:
            mask_secret(secret)
    host = found.host or ""
    if found.port:
        host = f"{host}:{found.port}"
    return Connection(conn_id, found.login or "", found.password or "", host, found.extra_dejson)


class _CouplingHook(BaseHook):
    """A hook that can say whether its connection works."""

    conn_name_attr = "conn_id"
    conn_type: str

    def __init__(self, conn_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id

    def get_conn(self) -> Connection:
        """The connection's fields.

        Raises:
            ValueError: Airflow knows no connection of this name.
        """
        found = connection_of(self.conn_id)
        if found is None:
            raise ValueError(
                f"there is no connection {self.conn_id}: create it under Admin, Connections, "
                f"or set {variable_of(self.conn_id)}"
            )
        return found

    def test_connection(self) -> tuple[bool, str]:
        """Whether the service accepts the connection, and if not, which field is wrong."""
        from amazon_eboekhouden.pipelines import check

        return check.try_connection(self.get_conn(), self.conn_type, os.environ)


class AmazonSellingPartnerHook(_CouplingHook):
    """Connection type `amazon_selling_partner`."""

    conn_type = AMAZON
    default_conn_name = "amazon_default"
    hook_name = "Amazon Selling Partner"

    def __init__(self, conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(conn_id, **kwargs)


class EBoekhoudenHook(_CouplingHook):
    """Connection type `eboekhouden`."""

    conn_type = EBOEKHOUDEN
    default_conn_name = "eboekhouden_default"
    hook_name = "e-Boekhouden"

    def __init__(self, conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(conn_id, **kwargs)
