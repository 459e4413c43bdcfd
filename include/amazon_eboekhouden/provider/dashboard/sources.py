"""What the dashboard reads: the couplings' settings and the booking ledger."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from amazon_eboekhouden.adapters.install_key import load_or_create
from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.connections import Connection
from amazon_eboekhouden.config.environment import Environment
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger
from amazon_eboekhouden.ledger.couplings import CouplingState
from amazon_eboekhouden.ledger.overview import Overview
from amazon_eboekhouden.pipelines.runtime import Runtime


@dataclass
class Sources:
    """One per process; the ledger is opened at the first request.

    Attributes:
        environment: where things are kept.
        connections: finds a connection by its id.
        now_utc: the clock.
    """

    environment: Environment
    connections: Callable[[str], Connection | None]
    now_utc: Callable[[], datetime] = lambda: datetime.now(UTC)

    @cached_property
    def _install_key(self) -> bytes:
        return load_or_create(self.environment.key_file)

    @property
    def csrf_key(self) -> bytes:
        """Secret of the forms: of the installation, so that every process accepts them."""
        return hmac.new(self._install_key, b"dashboard/csrf", hashlib.sha256).digest()

    @cached_property
    def ledger(self) -> BookingLedger:
        """The booking ledger."""
        return open_ledger(
            self.environment.ledger_url,
            install_key=self._install_key,
            settings=LedgerSettings(
                lease_s=self.environment.lease_s,
                call_deadline_s=self.environment.call_deadline_s,
                settle_s=self.environment.settle_s,
            ),
        )

    def names(self) -> list[str]:
        """Names of the couplings."""
        return couplings.names(self.environment.couplings)

    def settings(self, name: str) -> CouplingSettings:
        """The settings of a coupling.

        Raises:
            couplings.Invalid: its file is wrong.
        """
        return couplings.read(self.environment.couplings, name)

    def state(self, name: str) -> CouplingState | None:
        """The coupling as the ledger knows it, None before its first run and its first switch."""
        return self.ledger.couplings.state(name)

    @contextmanager
    def runtime(self, name: str, *, preview: bool = False) -> Iterator[Runtime]:
        """What a use case of this coupling needs, closed at the end.

        Raises:
            couplings.Invalid: its file is wrong.
        """
        made = Runtime(self.settings(name), self.environment, self.connections, preview)
        try:
            yield made
        finally:
            made.ledger.close()

    def overview(self, name: str) -> Overview:
        """The coupling's figures; all of them zero before its first run."""
        bound = self.state(name)
        return Overview(self.ledger.engine, bound.administration if bound else "", name)


def clearing_accounts(settings: CouplingSettings) -> list[str]:
    """Codes of all clearing accounts of a coupling."""
    return sorted({str(code) for code in settings.accounts.clearing.model_dump().values()})


def _sources(request: Request) -> Sources:
    found: Sources = request.app.state.sources
    return found


ThisSources = Annotated[Sources, Depends(_sources)]
