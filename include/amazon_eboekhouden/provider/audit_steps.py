"""The body of the nightly audit's task."""

from __future__ import annotations

from amazon_eboekhouden.provider import steps


def audit_coupling(coupling: str) -> dict[str, int]:
    """Audit one coupling; what it finds stands in the log and on the list of problems."""
    from amazon_eboekhouden.pipelines import audit

    with steps.step_of(coupling) as runtime:
        return steps.finish(coupling, audit.run(runtime))
