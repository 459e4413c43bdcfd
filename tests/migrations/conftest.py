"""The sandboxes of the pipelines' tests, and both databases of the ledger's."""

from tests.ledger.conftest import postgres_url, url
from tests.pipelines.conftest import sandboxes, world

__all__ = ["postgres_url", "sandboxes", "url", "world"]
