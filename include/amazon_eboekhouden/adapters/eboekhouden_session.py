"""A session at e-Boekhouden.nl: signing in, and how a call is made in it.

It is opened when it is first needed, opened again when the service ended it, and closed by `close`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from amazon_eboekhouden.adapters import eboekhouden_answers as answers
from amazon_eboekhouden.adapters.eboekhouden_answers import SERVICE
from amazon_eboekhouden.adapters.eboekhouden_codes import (
    ACCOUNT_STATE,
    SESSION_EXPIRED,
    meaning_of,
)
from amazon_eboekhouden.adapters.retrying import Patience, read_again
from amazon_eboekhouden.adapters.soap import SoapService
from amazon_eboekhouden.domain.books import Clock
from amazon_eboekhouden.domain.errors import (
    BadAnswer,
    CredentialsRefused,
    Refused,
    RemoteError,
)

PRODUCTION_URL = "https://soap.e-boekhouden.nl/soap.asmx"
_SOURCE = "AMAZON_EB"  # Names the caller to the service: at most 10 word characters.


@dataclass(frozen=True, slots=True)
class EBoekhoudenCredentials:
    """What the user reads under Beheer > Instellingen > Koppelingen > API/SOAP.

    Attributes:
        username: Gebruikersnaam.
        security_code_1: Beveiligingscode 1.
        security_code_2: Beveiligingscode 2; travels in every call.
        administration_guid: only for accountants, who have many administrations.
        url: address of the service.
    """

    username: str
    security_code_1: str = field(repr=False)
    security_code_2: str = field(repr=False)
    administration_guid: str = ""
    url: str = PRODUCTION_URL


class Session:
    """One session with the service.

    Args:
        credentials: who we are.
        calls: counted per operation, "WSDL" for the description.
        deadline_s: total seconds that a call may take, unless it is told otherwise.
        patience: how often a read is tried.
        clock: against which waits are counted.
        on_secret: told each session id as soon as it is known.
    """

    def __init__(
        self,
        credentials: EBoekhoudenCredentials,
        calls: Counter[str],
        *,
        deadline_s: float,
        patience: Patience,
        clock: Clock,
        on_secret: Callable[[str], None],
    ) -> None:
        self._credentials = credentials
        self._deadline_s = deadline_s
        self._patience = patience
        self._clock = clock
        self._on_secret = on_secret
        self._soap = SoapService(credentials.url.partition("?")[0], calls)
        self._session_id = ""

    @property
    def secrets(self) -> list[str]:
        """What no text may repeat."""
        who = self._credentials
        return [who.username, who.security_code_1, who.security_code_2, self._session_id]

    @property
    def handed_over(self) -> bool:
        """Whether the last call got as far as the network."""
        return self._soap.handed_over

    # --- opening and closing ----------------------------------------------------------------------

    def open(self, deadline_s: float) -> None:
        """Sign in, unless that was done.

        Raises:
            RemoteError: CredentialsRefused, or the service was not there.
        """
        if self._session_id:
            return
        try:
            self._soap.prepare(deadline_s=deadline_s)
            session = self._logged_in(deadline_s)
        except RemoteError:
            raise
        except Exception as error:  # noqa: BLE001 - zeep raises anything; see once
            raise answers.as_remote_error("OpenSession", error) from None
        self._on_secret(session)
        self._session_id = session

    def forget(self) -> None:
        """The service ended the session: the next call opens another."""
        self._session_id = ""

    def close(self) -> None:
        """End the session; never raises."""
        session, self._session_id = self._session_id, ""
        try:
            if session:
                self._soap.call("CloseSession", {"SessionID": session}, deadline_s=5.0)
        except Exception:  # noqa: BLE001, S110 - the service ends forgotten sessions by itself
            pass
        finally:
            self._soap.close()

    def _logged_in(self, deadline_s: float) -> str:
        who = self._credentials
        arguments = {
            "Username": who.username,
            "SecurityCode1": who.security_code_1,
            "SecurityCode2": who.security_code_2,
            "Source": _SOURCE,
        }
        operation = "OpenSession"
        if who.administration_guid:
            operation = "OpenSessionSub"
            arguments["AdministratieGUID"] = who.administration_guid
        result = self._soap.call(operation, arguments, deadline_s=deadline_s)
        if result is None:
            raise BadAnswer(SERVICE, operation, "the answer holds no result")
        code, text = answers.error_of(result)
        session = str(result.SessionID or "")
        if meaning_of(code) in ACCOUNT_STATE:
            raise Refused(SERVICE, operation, f"the account is not usable ({code})", code=code)
        if code or text:
            # The service doesn't say which of the three was wrong.
            fields = "username, security_code_1 or security_code_2"
            if meaning_of(code) == "SECURITY_003":
                fields = "administration_guid"
            raise CredentialsRefused(
                SERVICE, operation, f"the login was refused ({code})", field=fields, code=code
            )
        if not session:
            raise BadAnswer(SERVICE, operation, "the answer holds no session")
        return session

    # --- calls ------------------------------------------------------------------------------------

    def call(self, operation: str, arguments: dict[str, Any], *, deadline_s: float) -> Any:
        """One call in the open session, its answer as it came; raises whatever zeep raises."""
        identity = {
            "SessionID": self._session_id,
            "SecurityCode2": self._credentials.security_code_2,
        }
        return self._soap.call(operation, {**identity, **arguments}, deadline_s=deadline_s)

    def read(self, operation: str, **arguments: Any) -> Any:
        """A question, tried again when that helps."""
        return read_again(
            lambda: self.once_or_reopened(operation, arguments), self._patience, self._clock
        )

    def once_or_reopened(self, operation: str, arguments: dict[str, Any]) -> Any:
        """One call, made again in a new session when the service had ended this one."""
        try:
            return self.once(operation, arguments)
        except Refused as error:
            if meaning_of(error.code) not in SESSION_EXPIRED:
                raise
        self.forget()
        return self.once(operation, arguments)

    def once(self, operation: str, arguments: dict[str, Any]) -> Any:
        """One call, its answer checked.

        Raises:
            RemoteError: Refused with the service's code, or it was not there.
        """
        self.open(self._deadline_s)
        try:
            result = self.call(operation, arguments, deadline_s=self._deadline_s)
        except Exception as error:  # noqa: BLE001 - zeep raises whatever its parts raise
            # zeep's errors quote the whole answer, with the customers in it: no traceback may.
            raise answers.as_remote_error(operation, error) from None
        if result is None and operation not in answers.BARE_ERROR:
            raise BadAnswer(SERVICE, operation, "the answer holds no result")
        bare = operation in answers.BARE_ERROR
        code, text = answers.bare_error_of(result) if bare else answers.error_of(result)
        if code or text:
            raise Refused(SERVICE, operation, f"the service refused with {code}", code=code)
        return result
