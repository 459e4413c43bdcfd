"""Composition root: the one place where settings, connections and stores become real things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from amazon_eboekhouden.adapters.archive import Archive
from amazon_eboekhouden.adapters.install_key import load_or_create
from amazon_eboekhouden.adapters.staging import Staging
from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.connections import AMAZON, EBOEKHOUDEN, Connection, variable_of
from amazon_eboekhouden.config.environment import Environment
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.errors import SettingsError
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.problems import problem
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller
    from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden

ConnectionSource = Callable[[str], Connection | None]


@dataclass(frozen=True)
class Runtime:
    """Everything one coupling's run needs.

    Attributes:
        settings: the coupling's validated settings.
        environment: where things are kept.
        connections: finds a connection by its id (Airflow's, or the process's variables).
        preview: when true nothing is written to the books or the ledger.
        on_secret: told each session id and access token, so that a log can mask it.
    """

    settings: CouplingSettings
    environment: Environment
    connections: ConnectionSource
    preview: bool = False
    on_secret: Callable[[str], None] | None = None

    @cached_property
    def install_key(self) -> bytes:
        """The 32 bytes from which tokens, relation codes and encryption keys are derived."""
        return load_or_create(self.environment.key_file)

    @cached_property
    def ledger(self) -> BookingLedger:
        """The booking ledger, migrated to the newest schema."""
        return open_ledger(
            self.environment.ledger_url,
            install_key=self.install_key,
            settings=LedgerSettings(
                lease_s=self.environment.lease_s,
                call_deadline_s=self.environment.call_deadline_s,
                settle_s=self.environment.settle_s,
            ),
        )

    def booked(self) -> pd.DataFrame:
        """BOOKED of the administration that the coupling is bound to; empty before that."""
        bound = self.ledger.coupling_state(self.settings.name)
        return self.ledger.booked(bound.administration) if bound else BOOKED.empty()

    def administration(self, books: EBoekhouden) -> str:
        """GUID of the administration: the one the coupling is bound to, else the books say it.

        Raises:
            domain.errors.RemoteError: the books cannot be asked.
        """
        bound = self.ledger.coupling_state(self.settings.name)
        return (bound.administration if bound else "") or books.administration_guid()

    def confirmed(self) -> set[str]:
        """Natural keys of the bookings that stand in the books."""
        booked = self.booked()
        return set(booked.loc[booked["state"] == "CONFIRMED", "booking"])

    @cached_property
    def staging(self) -> Staging:
        """Encrypted batches between the steps of a run."""
        return Staging(self.environment.staging, self.install_key)

    @cached_property
    def archive(self) -> Archive:
        """Settlement files, kept for years."""
        return Archive(self.environment.archive)

    @property
    def seller_id(self) -> str:
        """The seller's id as the connection names it."""
        return self._connection(self.settings.seller.connection, AMAZON).text("seller_id")

    def amazon(self, *, background: bool = False) -> AmazonSeller:
        """The Amazon side; asks the ledger's shared buckets before each call.

        Args:
            background: leaves the hourly runs some of the tokens, and waits for none in place.
        """
        # The clients are imported by the steps that use them: each step is a process of its own.
        from amazon_eboekhouden.adapters.amazon import AmazonCredentials, AmazonSeller
        from amazon_eboekhouden.adapters.amazon_rates import LEFT_FOR_OTHERS
        from amazon_eboekhouden.adapters.retrying import Patience

        found = self._connection(self.settings.seller.connection, AMAZON)
        endpoint = found.host.rstrip("/")
        credentials = AmazonCredentials(
            seller_id=found.text("seller_id"),
            lwa_client_id=found.login,
            lwa_client_secret=found.password,
            refresh_token=found.text("refresh_token_secret"),
            region=found.text("region") or "eu",
            endpoint=endpoint or None,
            login_url=found.text("login_url")
            or (f"{endpoint}/auth/o2/token" if endpoint else None),
        )
        left = LEFT_FOR_OTHERS if background else {}
        return AmazonSeller(
            credentials,
            budget=self.ledger.rate_budget(credentials.seller_id, left),
            patience=Patience(short_wait_s=0) if background else None,
            on_secret=self.on_secret,
        )

    @contextmanager
    def books(self) -> Iterator[EBoekhouden]:
        """A session in the books, closed at the end."""
        from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden, EBoekhoudenCredentials

        found = self._connection(self.settings.books.connection, EBOEKHOUDEN)
        credentials = EBoekhoudenCredentials(
            username=found.login,
            security_code_1=found.password,
            security_code_2=found.text("security_code_2_secret"),
            administration_guid=found.text("administration_guid"),
            **({"url": found.host} if found.host else {}),
        )
        session = EBoekhouden(
            credentials,
            call_deadline_s=self.environment.call_deadline_s,
            on_secret=self.on_secret,
        )
        try:
            yield session
        finally:
            session.close()

    def _connection(self, conn_id: str, kind: str) -> Connection:
        found = self.connections(conn_id)
        if found is None:
            missing = problem(
                "connection-missing",
                f"coupling {self.settings.name}",
                connection=conn_id,
                kind=kind,
                variable=variable_of(conn_id),
            )
            raise SettingsError([missing])
        return found


def read_settings(environment: Environment, name: str) -> CouplingSettings:
    """The settings of a coupling.

    Raises:
        SettingsError: with one problem per mistake in the file.
    """
    try:
        return couplings.read(environment.couplings, name)
    except couplings.Invalid as error:
        raise SettingsError(
            [
                problem(
                    "settings-invalid",
                    f"{error.file.name}, line {line}" if line else error.file.name,
                    field=field,
                    why=why,
                    file=str(error.file),
                    line=line or "-",
                )
                for field, why, line in error.faults
            ]
        ) from error
