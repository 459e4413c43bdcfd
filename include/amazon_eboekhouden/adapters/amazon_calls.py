"""How a call to Amazon is made: a token from the shared bucket, a total deadline, a judged answer.

Reads are tried again in place; what has to wait longer is `NotNow`. A kept access token that the
API no longer takes is replaced once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sp_api.api import Finances, Orders
from sp_api.base import ApiResponse, SellingApiException

from amazon_eboekhouden.adapters import amazon_answers as answers
from amazon_eboekhouden.adapters.amazon_client import (
    SERVICE,
    AmazonCredentials,
    Answer,
    SellerClients,
)
from amazon_eboekhouden.adapters.amazon_rates import PUBLISHED, Rate, RateBudget
from amazon_eboekhouden.adapters.http import within
from amazon_eboekhouden.adapters.retrying import Patience, read_again
from amazon_eboekhouden.domain.books import Clock
from amazon_eboekhouden.domain.errors import BadAnswer, NotNow

_PAGES_MAX = 1000
# Without a version the library silently takes v0, which Amazon removes in March 2027.
_VERSIONS: dict[type[Any], str] = {Orders: "2026-01-01", Finances: "2024-06-19"}


class AmazonCalls:
    """Calls with one seller's authorisation.

    Args:
        credentials: whose.
        calls: counted per operation, "token" for signing in.
        budget: shared buckets, asked before each call.
        deadline_s: total seconds of a call, signing in included.
        patience: how often a read is tried, and how long a near token is waited for.
        clock: from which `NotNow` counts.
        on_secret: told each access token as soon as it is known.
    """

    def __init__(
        self,
        credentials: AmazonCredentials,
        calls: Counter[str],
        *,
        budget: RateBudget,
        deadline_s: float,
        patience: Patience,
        clock: Clock,
        on_secret: Callable[[str], None],
    ) -> None:
        self._calls = calls
        self._budget = budget
        self._deadline_s = deadline_s
        self._patience = patience
        self._clock = clock
        self._on_secret = on_secret
        self._rates = dict(PUBLISHED)
        self._learnt: dict[str, float] = {}
        self._fresh_token = False
        self._clients = SellerClients(
            credentials,
            api=self._judge_api,
            login=self._judge_login,
            on_token=self._new_token,
            calls=calls,
            deadline_s=deadline_s,
        )

    def close(self) -> None:
        """Drop the connections."""
        self._clients.close()

    def forget_token(self) -> None:
        """Sign in anew at the next call."""
        self._clients.forget_token()

    def client(self, api: type[Any]) -> Any:
        """The library's client of an API, such as `Orders`."""
        return self._clients.get(api.__name__.lower(), api, _VERSIONS.get(api))

    # --- calls ------------------------------------------------------------------------------------

    def asked(
        self, operation: str, api: type[Any], path: str, arguments: dict[str, Any]
    ) -> ApiResponse:
        """A GET with exactly these parameters; the library's methods would add its marketplace.

        Raises:
            RemoteError: NotNow without a token in the bucket.
        """
        client = self.client(api)
        return self.read(
            operation,
            lambda: client._request(
                path, params={**arguments, "method": "GET"}, add_marketplace=False
            ),
        )

    def paged(
        self,
        operation: str,
        api: type[Any],
        path: str,
        arguments: dict[str, Any],
        *,
        key: str,
        next_page: str = "nextToken",
        token_alone: bool = False,
    ) -> Iterator[Any]:
        """The rows of all pages of a question.

        Args:
            operation: as the buckets and the messages name it.
            api: which of the library's clients asks.
            path: of the question.
            arguments: of its first page.
            key: where the rows stand in the answer.
            next_page: which argument takes the token of a next page.
            token_alone: Amazon refuses other arguments beside it.
        """
        seen: set[str] = set()
        more = arguments
        while True:
            answer = self.asked(operation, api, path, more)
            # A page may be empty and still have a next one.
            yield from answers.expect(operation, answer.payload, key, list)
            token = token_of(answer)
            if token is None:
                return
            if token in seen or len(seen) >= _PAGES_MAX:
                raise BadAnswer(SERVICE, operation, "the pages of the answer have no end")
            seen.add(token)
            more = {**({} if token_alone else arguments), next_page: token}

    def read(self, operation: str, call: Callable[[], ApiResponse]) -> ApiResponse:
        """A question, tried again when that helps."""
        return read_again(lambda: self.once(operation, call), self._patience, self._clock)

    def once(self, operation: str, call: Callable[[], ApiResponse]) -> ApiResponse:
        """One call; with a fresh token once more when the API did not take the kept one."""
        self._fresh_token = False
        try:
            return self._counted(operation, call)
        except answers.TokenRefused as error:
            was_fresh = self._fresh_token
            self._clients.forget_token()
            if was_fresh:
                raise answers.role_missing(error) from error
        try:
            return self._counted(operation, call)
        except answers.TokenRefused as error:
            self._clients.forget_token()
            raise answers.role_missing(error) from error

    def _counted(self, operation: str, call: Callable[[], ApiResponse]) -> ApiResponse:
        rate = self._rates[operation]
        back = self._budget.take(operation, rate.per_second, rate.burst)
        if back is not None:
            raise NotNow(SERVICE, operation, "no token is left", back)
        self._calls[operation] += 1
        try:
            with within(self._deadline_s), self._clients.gate.calling(operation):
                return call()
        except SellingApiException:  # A status of success, and errors in the answer.
            raise BadAnswer(SERVICE, operation, "a success that lists errors") from None
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise BadAnswer(
                SERVICE, operation, f"the answer can't be read ({type(error).__name__})"
            ) from error

    # --- what an answer says ----------------------------------------------------------------------

    def _judge_api(self, operation: str, response: Answer) -> None:
        learnt = answers.rate_of(response.headers)
        if learnt is not None and learnt != self._learnt.get(operation):
            self._learnt[operation] = learnt
            self._rates[operation] = Rate(learnt, self._rates[operation].burst)
            self._budget.learn(operation, learnt)
        if response.status_code == 429:
            self._budget.empty(operation)
        now, rate = self._clock.now_utc(), self._rates[operation].per_second
        answers.judge_api(operation, response, now=now, rate_per_second=rate)

    def _judge_login(self, operation: str, response: Answer) -> None:
        answers.judge_login(operation, response, now=self._clock.now_utc())

    def _new_token(self, access_token: str) -> None:
        self._fresh_token = True
        self._on_secret(access_token)


def token_of(answer: ApiResponse) -> str | None:
    """What asks for the next page; None on the last."""
    token = answer.next_token
    return str(token) if token else None
