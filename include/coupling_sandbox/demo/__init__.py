"""A seller's month on the sandboxes, through a real Airflow: what `make demo` runs.

It talks to the product only as a stranger would: over Airflow's REST API and the sandboxes' doors.
"""
