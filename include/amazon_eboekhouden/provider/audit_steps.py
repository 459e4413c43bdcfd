"""The bodies of the nightly audit's tasks."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.provider import steps


def erase() -> dict[str, int]:
    """Erase the customers of what is settled, also when no coupling is active."""
    from amazon_eboekhouden.pipelines import retention

    return retention.erase_everywhere(environment_of(os.environ), datetime.now(UTC))


def audit_coupling(coupling: str) -> dict[str, int]:
    """Audit one coupling; what it finds stands in the log and on the list of problems."""
    from amazon_eboekhouden.pipelines import audit

    with steps.step_of(coupling) as runtime:
        return steps.finish(runtime, audit.run(runtime))
