"""A relying party made of Authlib, an OpenID Connect client that knows nothing of this project."""

from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.django_client import OAuth
from django.http import HttpRequest
from django.test import RequestFactory

from tests.verification.sessions import conclude, end, issue
from verification import services
from verification.liveness.vocabulary import Reason
from verification.models import RelyingParty, VerificationSession
from verification.relying_parties import create_relying_party, enable_oidc
from verification.services import OpenedSession

CALLBACK = "https://shop.example/callback"


class Site:
    """The party's web site: what it keeps between two requests is `session`, as Django would keep it.

    client_secret: empty for an app that can keep none.
    """

    def __init__(self, provider: str, client_id: str, client_secret: str) -> None:
        self.provider, self.client_id, self.client_secret = provider, client_id, client_secret
        self.session: dict[str, Any] = {}
        self.client = OAuth().register(
            "proof",
            client_id=client_id,
            client_secret=client_secret or None,
            server_metadata_url=f"{provider}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                **({} if client_secret else {"token_endpoint_auth_method": "none"}),
            },
        )

    def request(self, path: str = "/") -> HttpRequest:
        request = RequestFactory().get(path)
        request.session = self.session  # type: ignore[assignment]
        return request

    def begin(self, **params: str) -> str:
        """The address that the site sends the person's browser to."""
        return str(self.client.authorize_redirect(self.request(), CALLBACK, **params)["Location"])

    def finish(self, location: str) -> dict[str, Any]:
        """The browser came back: state, code, signature, issuer, audience and nonce are checked by Authlib."""
        token: dict[str, Any] = self.client.authorize_access_token(
            self.request(f"/callback?{urlsplit(location).query}")
        )
        return token


class Shop(Site):
    """A party that is registered in the database of this process."""

    def __init__(self, provider: str, *, name: str = "shop", is_public: bool = False) -> None:
        self.party: RelyingParty = create_relying_party(name, redirect_uris=[CALLBACK])
        super().__init__(provider, *enable_oidc(self.party, is_public=is_public))


class Browser:
    """The person's browser: cookies, and nothing followed without being looked at."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.http = requests.Session()

    def get(self, address: str) -> requests.Response:
        return self.http.get(address, allow_redirects=False, timeout=30)

    def follow(self, address: str) -> tuple[str, str]:
        """Follow the authorization request to the capture page; the session's id and its ticket."""
        answer = self.get(address)
        assert answer.status_code == 303, answer.text
        parts = urlsplit(answer.headers["Location"])
        return parts.path.rsplit("/", 1)[1], parts.fragment.removeprefix("ticket=")

    def open_capture(self, address: str) -> OpenedSession:
        """The same, where the session is in the database of this process."""
        session_id, ticket = self.follow(address)
        return OpenedSession(VerificationSession.objects.get(pk=session_id), ticket)

    def come_back(self, opened: OpenedSession) -> requests.Response:
        """Where the capture page leads when the check is over."""
        return self.get(f"{opened.session.redirect_uri}?session_id={opened.session.pk}")


def verify(opened: OpenedSession, reason: Reason = Reason.VERIFIED) -> None:
    """The check itself, by the services that the socket uses."""
    services.connect_socket(opened.session.pk, opened.ticket)
    services.conclude_session(opened.session.pk, conclude(reason), end(issue(opened)))
