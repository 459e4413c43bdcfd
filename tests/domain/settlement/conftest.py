"""Settings that most settlements are booked with."""

from __future__ import annotations

import pytest
from amazon_eboekhouden.config.settings import CouplingSettings

from tests.domain.settlement import writing


@pytest.fixture
def settings() -> CouplingSettings:
    return writing.settings()
