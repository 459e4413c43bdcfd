"""The dashboard inside Airflow's pages: what the coupling did, and what waits for a person."""
