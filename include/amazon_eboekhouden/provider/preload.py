"""What a task needs, imported once before the tasks fork instead of by every task.

The product imports this nowhere; Airflow's own settings name it, those of the local executor
(`AIRFLOW__SCHEDULER__MP_FORKSERVER_PRELOAD`) or of the Celery workers. See docs/scaling.md.
"""

from __future__ import annotations

from importlib import import_module

from amazon_eboekhouden.expectations import validation

MODULES = (
    # Airflow's own part of a worker and of a task.
    "airflow.cli.commands.scheduler_command",
    "airflow.dag_processing.dagbag",
    "airflow.executors.local_executor",
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    # Ours: the bodies of all tasks, and what these import when they run.
    "amazon_eboekhouden.adapters.amazon",
    "amazon_eboekhouden.adapters.eboekhouden",
    "amazon_eboekhouden.adapters.exchange_rates",
    "amazon_eboekhouden.adapters.vies",
    "amazon_eboekhouden.expectations.gate",
    "amazon_eboekhouden.pipelines.activation",
    "amazon_eboekhouden.pipelines.audit",
    "amazon_eboekhouden.pipelines.backfill",
    "amazon_eboekhouden.pipelines.fee_invoice_entry",
    "amazon_eboekhouden.pipelines.orders",
    "amazon_eboekhouden.pipelines.retention",
    "amazon_eboekhouden.pipelines.settlement_approval",
    "amazon_eboekhouden.pipelines.settlements",
    "amazon_eboekhouden.provider.audit_steps",
    "amazon_eboekhouden.provider.backfill_steps",
    "amazon_eboekhouden.provider.dashboard.dutch",
    "amazon_eboekhouden.provider.fee_invoice_steps",
    "amazon_eboekhouden.provider.metrics",
    "amazon_eboekhouden.provider.steps",
    "amazon_eboekhouden.provider.watch_steps",
)

for name in MODULES:
    import_module(name)
validation.great_expectations()
