"""The administrations behind the sandbox: their credentials, their books, their sessions."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from coupling_sandbox.clock import Clock
from coupling_sandbox.eboekhouden.books import Books
from coupling_sandbox.eboekhouden.errors import BooksError
from coupling_sandbox.eboekhouden.options import Options
from coupling_sandbox.eboekhouden.relations import Relations
from coupling_sandbox.eboekhouden.rules import Rules

_HOME = ZoneInfo("Europe/Amsterdam")


@dataclass(slots=True)
class Administration:
    """One administration with its own credentials and books."""

    username: str
    security_code_1: str
    security_code_2: str
    guid: str
    company: str
    place: str = "Utrecht"
    financial_year: str = "1-1"
    accountant: str = ""
    books: Books = field(default_factory=Books)
    cost_centres: list[dict[str, Any]] = field(default_factory=list)
    articles: list[dict[str, Any]] = field(default_factory=list)
    documents: dict[str, list[Any]] = field(default_factory=dict)
    next_document: int = 1
    calls_by_month: dict[str, int] = field(default_factory=dict)
    relations: Relations = field(init=False)

    def __post_init__(self) -> None:
        self.relations = Relations(self.books.chart)

    def rules(self, options: Options) -> Rules:
        """The rules for this administration under the present options."""
        centres = frozenset(int(centre["KostenplaatsId"]) for centre in self.cost_centres)
        return Rules(self.books, self.relations, options, centres)


def default_administration() -> Administration:
    """The administration that exists after a reset."""
    return Administration(
        username="sandbox",
        security_code_1="0123456789abcdef0123456789abcdef",
        security_code_2="{A1B2C3D4-0000-4000-8000-000000000001}",
        guid="{E5F6A7B8-0000-4000-8000-00000000BEEF}",
        company="Sandbox Webwinkel",
    )


@dataclass(slots=True)
class Session:
    """An open session; `own_only` when it was opened for one administration by OpenSessionSub."""

    administration: Administration
    login: Administration
    expires_from: dt.datetime
    own_only: bool


class Office:
    """All administrations, their sessions and the options of the service."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.reset()

    def reset(self) -> None:
        """Return to one administration with empty books, no sessions and the default options."""
        self.options = Options()
        self.administrations = [default_administration()]
        self.sessions: dict[str, Session] = {}
        self.last_lists: dict[str, Any] = {}

    def today(self) -> dt.date:
        """The sandbox's own day, in Amsterdam."""
        return self.clock.now().astimezone(_HOME).date()

    def administration(self, guid: str = "") -> Administration:
        """The administration with a GUID, or the first when none is given; else KeyError."""
        if not guid:
            return self.administrations[0]
        for one in self.administrations:
            if same_guid(one.guid, guid):
                return one
        raise KeyError(guid)

    # Sessions

    def open_session(self, username: str, code_1: str, code_2: str) -> str:
        """Open a session; raises SECURITY_010, or the account's state."""
        login = self._login(username, code_1, code_2)
        return self._open(login, login, own_only=False)

    def open_session_sub(self, username: str, code_1: str, code_2: str, guid: str) -> str:
        """Open a session on one of the administrations that these credentials may enter."""
        login = self._login(username, code_1, code_2)
        for one in self._reachable(login):
            if same_guid(one.guid, guid):
                return self._open(one, login, own_only=True)
        raise BooksError("SECURITY_003", f"({guid})")

    def close_session(self, session_id: str) -> None:
        """Close a session; an unknown one is ignored."""
        self.sessions.pop(session_id, None)

    def session(self, session_id: str, code_2: str) -> Session:
        """The living session with an id; raises SESSION or SECURITY_010."""
        session = self.sessions.get(session_id)
        now = self.clock.now()
        lifetime = dt.timedelta(minutes=self.options.session_minutes)
        if session is None or now - session.expires_from > lifetime:
            self.sessions.pop(session_id, None)
            raise BooksError("SESSION")
        if not same_guid(session.login.security_code_2, code_2):
            raise BooksError("SECURITY_010")
        if self.options.session_expiry == "idle":
            session.expires_from = now
        return session

    def visible(self, session: Session) -> list[Administration]:
        """The administrations a session may see, its own first."""
        own = session.administration
        if session.own_only:
            return [own]
        return [own, *(a for a in self._reachable(session.login) if a is not own)]

    def _reachable(self, login: Administration) -> list[Administration]:
        clients = [a for a in self.administrations if a.accountant == login.username]
        return [login, *(a for a in clients if a is not login)]

    def _login(self, username: str, code_1: str, code_2: str) -> Administration:
        for one in self.administrations:
            if (
                one.username == username
                and one.security_code_1 == code_1
                and same_guid(one.security_code_2, code_2)
            ):
                return one
        raise BooksError("SECURITY_010")

    def _open(self, own: Administration, login: Administration, *, own_only: bool) -> str:
        key = {"not_activated": "SECURITY_004", "overdue": "SECURITY_005"}.get(
            self.options.account_state
        )
        if key:
            raise BooksError(key)
        session_id = "{" + str(uuid.uuid4()).upper() + "}"
        self.sessions[session_id] = Session(own, login, self.clock.now(), own_only)
        return session_id


def same_guid(one: str, other: str) -> bool:
    """Compare two GUIDs; braces and case do not matter."""
    return one.strip("{}").lower() == other.strip("{}").lower()
