"""The HTTP API of a Proof of Life server, for the service that asks."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from proof_of_life_client.errors import ApiError
from proof_of_life_client.tokens import KeyCache, check_token

MAX_ANSWER_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """verify_url: where to send the person; it holds the ticket, so show it to nobody else."""

    session_id: str
    verify_url: str
    websocket_url: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class SessionState:
    """decision, reason, scores, concluded_at: None until the session is concluded.

    retried_as: the session that took this one's place, where the person tried again at once.
    """

    session_id: str
    user_id: str
    status: str
    decision: str | None
    reason: str | None
    scores: dict[str, float | None] | None
    created_at: str
    concluded_at: str | None
    retried_as: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """reason: None where valid. claims: the token's, where valid."""

    valid: bool
    reason: str | None
    claims: dict[str, Any] | None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could carry the API key to another host."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class ProofOfLife:
    """One server and one relying party. Safe for several threads.

    base_url: such as https://verify.example.org. issuer, audience: what tokens must name, for checking
    them here; by default the server's address, and `proof-of-life`.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        *,
        issuer: str = "",
        audience: str = "proof-of-life",
        timeout_s: float = 10.0,
    ) -> None:
        if urlsplit(base_url).scheme not in {"http", "https"}:
            raise ValueError("base_url must begin with https:// or http://")
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._issuer = issuer or self._base_url
        self._audience = audience
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._keys = KeyCache(lambda: self._call("GET", "/.well-known/jwks.json"))

    def open_session(
        self,
        user_id: str,
        *,
        exclude: Sequence[str] = (),
        locale: str = "",
        redirect_uri: str = "",
        state: str = "",
    ) -> OpenedSession:
        """Open a session for a person. Raises ApiError."""
        body: dict[str, Any] = {"user_id": user_id, "exclude": list(exclude)}
        optional = {"locale": locale, "redirect_uri": redirect_uri, "state": state}
        answer = self._call("POST", "/auth/verify", body | {k: v for k, v in optional.items() if v})
        return OpenedSession(**{name: answer[name] for name in OpenedSession.__slots__})

    def read_session(self, session_id: str) -> SessionState:
        """What became of a session. Raises ApiError; 404 for another party's."""
        answer = self._call("GET", f"/auth/sessions/{quote(session_id, safe='')}")
        answer.setdefault("retried_as", None)
        return SessionState(**{name: answer[name] for name in SessionState.__slots__})

    def check_token(self, token: str) -> dict[str, Any]:
        """The claims of a token, checked here with the server's keys. Raises TokenError.

        Cannot know of a token that was withdrawn or used up: `validate_token` asks the server.
        """
        return check_token(token, self._keys, issuer=self._issuer, audience=self._audience)

    def validate_token(self, token: str, *, consume: bool = False) -> Verdict:
        """Ask the server. consume: use the token up, so that it counts once. Raises ApiError."""
        body = {"token": token, "audience": self._audience, "consume": consume}
        answer = self._call("POST", "/token/validate", body)
        return Verdict(bool(answer["valid"]), answer.get("reason"), answer.get("payload"))

    def revoke_token(self, session_id: str) -> None:
        """Withdraw the token of one of our sessions. Raises ApiError."""
        self._call("POST", "/token/revoke", {"session_id": session_id})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._api_key:
            headers["Authorization"] = f"Api-Key {self._api_key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base_url + path, data, headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return _read_object(response.read(MAX_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise _describe(error) from error
        except OSError as error:
            raise ApiError(0, "unreachable", f"No answer: {error}") from error


def _read_object(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError as error:
        raise ApiError(0, "malformed_answer", "The answer is not JSON.") from error
    if not isinstance(answer, dict):
        raise ApiError(0, "malformed_answer", "The answer is no JSON object.")
    return answer


def _describe(error: urllib.error.HTTPError) -> ApiError:
    try:
        problem = _read_object(error.read(MAX_ANSWER_BYTES))
    except ApiError:
        problem = {}
    wait = error.headers.get("Retry-After", "")
    detail = str(problem.get("detail", error.reason))
    code = str(problem.get("code", "unknown"))
    return ApiError(error.code, code, detail, int(wait) if wait.isdigit() else None)
