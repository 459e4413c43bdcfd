"""What the DAGs hand on, as Airflow's page *Assets* draws it. No DAG is started by an asset."""

from __future__ import annotations

from airflow.sdk import Asset

ORDERS = Asset(name="amazon_bestellingen", uri="amazon://orders", group="koppeling")
BOOKS = Asset(name="boekingen", uri="eboekhouden://mutations", group="koppeling")
SETTLEMENTS = Asset(name="amazon_afrekeningen", uri="amazon://settlements", group="koppeling")
SETTLED = Asset(name="afgeletterde_posten", uri="eboekhouden://open-items", group="koppeling")
