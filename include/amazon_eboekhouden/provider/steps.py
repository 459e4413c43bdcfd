"""The bodies of the DAGs' tasks: Airflow's context in, one step of a pipeline, a short answer out.

Everything a task returns is stored in clear in Airflow's database: names of batches and counts,
never an amount and never a customer.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
)
from airflow.sdk.log import mask_secret

from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.errors import NotNow, RemoteError, SettingsError
from amazon_eboekhouden.pipelines.discretion import Unforeseen, unforeseen
from amazon_eboekhouden.provider import alerts
from amazon_eboekhouden.provider.hooks import connection_of

if TYPE_CHECKING:
    from amazon_eboekhouden.domain.windows import Window
    from amazon_eboekhouden.pipelines.report import RunReport
    from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)

# What a person reads of problems before approving; the list itself comes after the booking.
_LISTED_MOST = 40


def active_couplings() -> list[str]:
    """Names of the couplings to run: those that neither their file nor a person keeps from it."""
    from amazon_eboekhouden.pipelines import activation

    return activation.running(environment_of(os.environ))


def coupling_names() -> list[str]:
    """What a form offers to choose from; a coupling that is made later may be typed in."""
    from amazon_eboekhouden.config import couplings

    return couplings.names(environment_of(os.environ).couplings) or ["demo"]


def runtime_of(coupling: str) -> Runtime:
    """The coupling's runtime on Airflow's connections."""
    from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

    environment = environment_of(os.environ)
    settings = read_settings(environment, coupling)
    return Runtime(
        settings,
        environment,
        connection_of,
        preview=settings.mode == "preview",
        on_secret=mask_secret,
    )


@contextmanager
def step_of(coupling: str, name: str = "") -> Iterator[Runtime]:
    """Names the mapped task after its coupling, and turns what failed into Airflow's answers."""
    get_current_context()["map_name"] = name or coupling  # type: ignore[typeddict-unknown-key]
    try:
        runtime = runtime_of(coupling)
        _insist_on_running(runtime)
        yield runtime
    except NotNow as error:
        # Waiting gives the worker back; the task starts again at the moment the remote named.
        log.info("coupling=%s not now: %s", coupling, error)
        raise _come_back(error.retry_at_utc) from error
    except SettingsError as error:
        for found in error.problems:
            log.error("%s: %s. To do: %s", found.row, found.cause, found.todo)
        raise AirflowFailException(str(error)) from error
    except RemoteError as error:
        if error.should_retry:
            raise
        raise AirflowFailException(str(error)) from error
    except AirflowException:
        raise
    except Exception as error:  # noqa: BLE001 - told without its text
        # The task's log would repeat its text, and with it whatever was in hand.
        raise unforeseen(error) from None


def _insist_on_running(runtime: Runtime) -> None:
    """A person may have deactivated the coupling while its run was under way."""
    from amazon_eboekhouden.pipelines.activation import standing_of

    found = standing_of(runtime)
    if not found.runs:
        raise AirflowSkipException(f"coupling {runtime.settings.name} does not run: {found.note}")


def _come_back(at_utc: datetime) -> AirflowRescheduleException:
    return AirflowRescheduleException(at_utc)  # type: ignore[no-untyped-call]


def extract_orders(coupling: str) -> str:
    """Fetch the orders of this run's window."""
    from amazon_eboekhouden.pipelines import orders

    with step_of(coupling) as runtime:
        return orders.extract(runtime, _window(runtime))


def _window(runtime: Runtime) -> Window:
    """From/to of the trigger form, else the run's data interval, else up to now."""
    from amazon_eboekhouden.domain.windows import BACKFILL_LIMIT, chosen, scheduled, up_to_now

    context = get_current_context()
    asked = asked_for(context["params"])
    if asked is not None:
        return asked
    watermark = runtime.ledger.watermark(runtime.settings.name)
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    now = datetime.now(UTC)
    if start is None or end is None:
        return up_to_now(now, watermark)
    if context["dag_run"].run_type == "backfill":
        if start < now - BACKFILL_LIMIT:
            raise AirflowFailException(
                f"{start:%Y-%m-%d %H:%M} UTC is more than 48 hours ago: an hourly call per hour of "
                "history would take days of Amazon's tokens. Use amazon_orders_backfill: a few "
                "reports per 30 days, by its form or by airflow backfill"
            )
        return chosen(start, end)
    return scheduled(start, end, watermark)


def asked_for(params: Mapping[str, Any]) -> Window | None:
    """The window of the trigger form, None when it is left empty.

    Raises:
        AirflowFailException: it is half a window or a wrong one; neither is guessed at.
    """
    from amazon_eboekhouden.domain.windows import chosen

    start, end = params.get("from"), params.get("to")
    if not start and not end:
        return None
    if not (start and end):
        raise AirflowFailException("give both from and to, or neither")
    try:
        return chosen(_moment(start), _moment(end))
    except ValueError as error:
        raise AirflowFailException(str(error)) from None


def _moment(text: str) -> datetime:
    """A time of a form; UTC where it names no zone."""
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def transform_orders(coupling: str, batch: str) -> str:
    """Turn fetched orders into mutations, relations and problems."""
    from amazon_eboekhouden.pipelines import orders

    with step_of(coupling) as runtime:
        return orders.transform(runtime, batch)


def validate_orders(coupling: str, batch: str) -> str:
    """Hold back what breaks an expectation."""
    from amazon_eboekhouden.pipelines import orders

    with step_of(coupling) as runtime:
        return orders.validate(runtime, batch)


def load_orders(coupling: str, batch: str) -> dict[str, int]:
    """Book what is new."""
    from amazon_eboekhouden.pipelines import orders

    with step_of(coupling) as runtime:
        return finish(runtime, orders.load(runtime, batch))


def find_settlements() -> list[dict[str, Any]]:
    """Archive new settlement files of every active coupling; one entry per run to start."""
    from amazon_eboekhouden.pipelines import settlements

    found: list[dict[str, Any]] = []
    failed: list[str] = []
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for coupling in active_couplings():
        try:
            with step_of(coupling, "settlements") as runtime:
                settlement_ids = settlements.find(runtime)
                _unpark(coupling, runtime)
        except AirflowSkipException as error:
            log.info("%s", error)
            continue
        except (RemoteError, AirflowFailException, Unforeseen) as error:
            # One coupling's failure must not keep the others' settlements waiting.
            log.error("coupling=%s: %s", coupling, error)
            failed.append(coupling)
            continue
        found += [
            {
                "conf": {"coupling": coupling, "settlement_id": settlement_id},
                "trigger_run_id": f"{coupling}__{settlement_id}__{stamp}",
            }
            for settlement_id in settlement_ids
        ]
    if failed and not found:
        raise AirflowFailException(f"settlements could not be listed for {', '.join(failed)}")
    if failed:  # The task goes on for the others, so nothing turns red.
        alerts.tell(
            get_current_context(),
            f"{', '.join(failed)}: de afrekeningen zijn niet opgehaald",
            "Die van de andere koppelingen gaan door, en de volgende run probeert het opnieuw.\n"
            "Los op wat het log van find_settlements in Airflow noemt.",
        )
    return found


def _unpark(coupling: str, runtime: Runtime) -> None:
    """Money that waited for its invoice; when the books do not answer, the next run does it."""
    from amazon_eboekhouden.pipelines import settlements

    if runtime.preview:
        return
    try:
        report = settlements.book_unparked(runtime)
    except RemoteError as error:
        log.warning("coupling=%s parked orders wait: %s", coupling, error)
        return
    if report.booked:
        log.info("coupling=%s booked=%d for parked orders", coupling, report.booked)


def _settlement_step(step: Callable[..., Any], *arguments: str) -> Any:
    params = get_current_context()["params"]
    coupling, settlement_id = str(params["coupling"]), str(params["settlement_id"])
    with step_of(coupling, settlement_id) as runtime:
        return step(runtime, settlement_id, *arguments)


def match_settlement() -> dict[str, Any]:
    """Read the archived file, check that it adds up, and give every row its destination.

    Returns:
        the name of the batch, and whether a person must approve it, with the text to approve.
    """
    from amazon_eboekhouden.pipelines import settlement_approval, settlements

    def step(runtime: Runtime, settlement_id: str) -> dict[str, Any]:
        batch = settlements.match(runtime, settlement_id)
        needed = settlement_approval.approval_needed(runtime, settlement_id, batch)
        text = _to_approve(runtime, batch) if needed else ""
        if needed and not runtime.preview:
            settlements.wait_for_approval(runtime, settlement_id, batch)
        return {"batch": batch, "needs_approval": needed, "statement": text}

    matched: dict[str, Any] = _settlement_step(step)
    return matched


def _to_approve(runtime: Runtime, batch: str) -> str:
    """The text of the approval: the statement, and what will stand on the list of problems."""
    from amazon_eboekhouden.pipelines import settlement_approval
    from amazon_eboekhouden.provider.dashboard.dutch import row_in_dutch, worded

    found = [
        (one.row, worded(one)) for one in settlement_approval.problems_to_weigh(runtime, batch)
    ]
    listed = [f"- {row_in_dutch(row)}: {one.title}. {one.cause}" for row, one in found]
    if len(listed) > _LISTED_MOST:
        listed[_LISTED_MOST:] = [f"- en {len(found) - _LISTED_MOST} andere"]
    more = ["", "Wat er daarna op de lijst staat:", "", *listed] if listed else []
    return "\n".join([settlement_approval.approval_text(runtime, batch), *more])


def book_settlement(batch: str) -> dict[str, int]:
    """Book the settlement and check that clearing is zero."""
    from amazon_eboekhouden.pipelines import settlement_approval, settlements

    def step(runtime: Runtime, settlement_id: str) -> dict[str, int]:
        # Only the approval of this very run leads from a waiting settlement to here; remembered,
        # it is not asked again when the booking takes a second run.
        if not runtime.preview:
            settlement_approval.approve_waiting(
                runtime, settlement_id, who="Airflow, Required Action"
            )
        return finish(runtime, settlements.book_matched(runtime, settlement_id, batch))

    done: dict[str, int] = _settlement_step(step)
    return done


def finish(runtime: Runtime, report: RunReport) -> dict[str, int]:
    """Log what a person must look at; come back later when something had to wait.

    Raises:
        AirflowRescheduleException: something had to wait; the task starts again when it is time.
    """
    from amazon_eboekhouden.provider import metrics

    for found in report.problems:
        log.warning(
            "coupling=%s code=%s row=%s cause=%s todo=%s",
            runtime.settings.name,
            found.code,
            found.row,
            found.cause,
            found.todo,
        )
    metrics.tell(runtime, report)
    if report.retry_after_utc is not None:
        raise _come_back(report.retry_after_utc)
    return {
        "booked": report.booked,
        "already_booked": report.already_booked,
        "skipped": report.skipped,
        "unknown": report.unknown,
        "problems": len(report.problems),
    }
