"""The sandboxes and the command line of the pipelines' tests serve the DAGs as well."""

from tests.pipelines.conftest import sandboxes, world

__all__ = ["sandboxes", "world"]
