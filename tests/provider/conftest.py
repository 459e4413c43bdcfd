"""The sandboxes and the command line of the pipelines serve the problems of runs as well."""

from tests.pipelines.conftest import sandboxes, world

__all__ = ["sandboxes", "world"]
