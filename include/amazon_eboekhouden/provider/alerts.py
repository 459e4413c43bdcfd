"""Telling a person who is not looking at Airflow, through one of Airflow's own notifiers.

Nobody is told by default. The Airflow Variable `amazon_eboekhouden_notify` (JSON) names who:
`{"arguments": {"to": "boekhouding@example.nl"}}` sends mail through the connection `smtp_default`;
`{"notifier": "dotted.path.of.a.Notifier", "arguments": {…}}` uses another one, whose arguments may
hold `{{ alert_subject }}` and `{{ alert_text }}`. A message names couplings, codes and counts:
never an amount, and never a customer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from airflow.sdk import Variable
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier

log = logging.getLogger(__name__)
VARIABLE = "amazon_eboekhouden_notify"
MAIL = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"
_MAIL_TEXT: Mapping[str, str] = {
    "subject": "{{ alert_subject }}",
    "html_content": "<pre>{{ alert_text | e }}</pre>",
}


class Told(AirflowFailException):
    """A task fails, and whoever must know was told already."""


def failed(context: Mapping[str, Any]) -> None:
    """A task failed for good: the `on_failure_callback` of every DAG."""
    if isinstance(context.get("exception"), Told):
        return
    task = context["task_instance"]
    which = str(context.get("map_name") or getattr(task, "rendered_map_index", None) or "")
    about = f" ({which})" if which else ""
    tell(
        context,
        f"{task.dag_id}: {task.task_id}{about} is mislukt",
        f"De taak {task.task_id} van {task.dag_id}{about} is mislukt, ook na opnieuw proberen.\n"
        "Wat er geboekt is, blijft staan; er wordt niets dubbel geboekt.\n"
        "Los op wat het log noemt, en wis de taak in Airflow (Clear) om haar opnieuw te doen.\n"
        f"{getattr(task, 'log_url', '')}",
    )


def tell(context: Mapping[str, Any], subject: str, text: str) -> bool:
    """Send a message, if somebody wants any.

    A notifier that does not work costs the message, never the run.

    Returns:
        whether it was sent.
    """
    try:
        wanted = Variable.get(VARIABLE, default=None, deserialize_json=True)
        if not wanted:
            return False
        notifier = _notifier(wanted)
        notifier({**context, "alert_subject": subject, "alert_text": text})
    except Exception as error:  # noqa: BLE001 - a stranger's program
        log.error("nobody was told %r: %s from the notifier", subject, type(error).__name__)
        return False
    return True


def _notifier(wanted: Mapping[str, Any]) -> BaseNotifier:
    from airflow.sdk import BaseNotifier

    path = wanted.get("notifier", MAIL)
    found = resolve_name(path)
    if not (isinstance(found, type) and issubclass(found, BaseNotifier)):
        raise TypeError(f"{path} is not a notifier")
    defaults = _MAIL_TEXT if path == MAIL else {}
    made: BaseNotifier = found(**{**defaults, **wanted.get("arguments", {})})
    return made
