"""OAuth 2 and OpenID Connect narrowed to one flow: authorization code, PKCE, no refresh token.

RFC 9700 advises against every other one, and a refreshed token would speak of a person who has long gone.
"""

from typing import Any

from oauthlib.oauth2.rfc6749.endpoints.authorization import AuthorizationEndpoint
from oauthlib.oauth2.rfc6749.endpoints.resource import ResourceEndpoint
from oauthlib.oauth2.rfc6749.endpoints.token import TokenEndpoint
from oauthlib.oauth2.rfc6749.request_validator import RequestValidator
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.openid.connect.core.grant_types import AuthorizationCodeGrant


class CodeServer(AuthorizationEndpoint, TokenEndpoint, ResourceEndpoint):  # type: ignore[misc]  # no types
    """An oauthlib server that knows the response type `code` and the grant type `authorization_code`."""

    def __init__(
        self, request_validator: RequestValidator, token_expires_in: int | None = None, **_others: Any
    ) -> None:
        """_others: what django-oauth-toolkit passes for grants that this server does not have."""
        grant = AuthorizationCodeGrant(request_validator, refresh_token=False)
        bearer = BearerToken(request_validator, expires_in=token_expires_in)
        AuthorizationEndpoint.__init__(self, "code", bearer, {"code": grant})
        TokenEndpoint.__init__(self, "authorization_code", bearer, {"authorization_code": grant})
        ResourceEndpoint.__init__(self, default_token="Bearer", token_types={"Bearer": bearer})  # noqa: S106
