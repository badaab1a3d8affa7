"""What oauthlib and django-oauth-toolkit ask of us: clients, codes, tokens and claims.

A code belongs to an `OidcLogin`, which belongs to one concluded session. There are no accounts here, so
no Django user stands behind a token, and codes are stored as hashes.
"""

from typing import Any

import jwt
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from verification.key_ring import ALGORITHM, get_key_ring
from verification.models import OidcLogin
from verification.secrets_at_rest import hash_secret

ID_TOKEN_LIFETIME_S = 300
# What the authentication shows: a living person was present. It does not show who.
ACR = "urn:proof-of-life:presence"
AMR = ("face",)


class LoginValidator(OAuth2Validator):  # type: ignore[misc]  # django-oauth-toolkit ships no types
    """Clients are those of active relying parties; redirect addresses are compared character by character."""

    # --- clients ---------------------------------------------------------------------------------

    def _load_application(self, client_id: str | None, request: Request) -> Application | None:
        # PostgreSQL cannot be asked for text with NUL; its driver would raise what nobody here expects.
        is_text = client_id is not None and "\0" not in client_id
        client = super()._load_application(client_id, request) if is_text else None
        party = getattr(client, "relying_party", None)
        if party is None or not party.is_active:
            request.client = None
        return request.client

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        return redirect_uri in request.client.relying_party.redirect_uris

    def get_default_redirect_uri(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> None:
        """None: a request that names no address is refused."""

    def validate_silent_login(self, request: Request) -> bool:
        """`prompt=none` cannot be met: each login is a new check, and that needs the person."""
        return False

    # --- codes -----------------------------------------------------------------------------------

    def validate_code(
        self, client_id: str, code: str, client: Application, request: Request, *_: Any
    ) -> bool:
        """A code shown twice may have been stolen, so its access token goes (RFC 6749, section 4.1.2)."""
        login = _find_login(code, client)
        if login is None:
            return False
        if login.code_used_at is not None:
            AccessToken.objects.filter(oidc_login=login).delete()
            return False
        if login.code_expires_at is None or login.code_expires_at <= timezone.now():
            return False
        request.login, request.user = login, None
        request.scopes = login.scope.split()
        return True

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Application, *args: Any, **kwargs: Any
    ) -> bool:
        login = _find_login(code, client)
        return login is not None and login.redirect_uri == redirect_uri

    def get_code_challenge(self, code: str, request: Request) -> str | None:
        login = _find_login(code, request.client)
        return login.code_challenge if login else None

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        return "S256"

    def get_authorization_code_scopes(
        self, client_id: str, code: str, redirect_uri: str, request: Request
    ) -> list[str]:
        return list(request.login.scope.split())

    def get_authorization_code_nonce(
        self, client_id: str, code: str, redirect_uri: str, request: Request
    ) -> str | None:
        return request.login.nonce or None

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Use the code up, once: of two racing requests one gets an answer."""
        unused = OidcLogin.objects.filter(pk=request.login.pk, code_used_at=None)
        if not unused.update(code_used_at=timezone.now()):
            raise InvalidGrantError(request=request)

    # --- tokens ----------------------------------------------------------------------------------

    def _load_id_token(self, token: str) -> None:
        """ID tokens are not stored; nothing here takes one back."""

    def _create_access_token(
        self, expires: Any, request: Request, token: dict[str, Any], *_: Any
    ) -> AccessToken:
        access_token = super()._create_access_token(expires, request, token)
        OidcLogin.objects.filter(pk=request.login.pk).update(access_token=access_token)
        return access_token

    def finalize_id_token(
        self, id_token: dict[str, Any], token: dict[str, Any], token_handler: Any, request: Request
    ) -> str:
        """Sign with the key ring's own key; oauthlib has put `aud`, `iat`, `nonce` and `at_hash` in."""
        login: OidcLogin = request.login
        concluded_at = login.session.concluded_at
        claims = {
            **id_token,
            "iss": login.issuer,
            "sub": login.subject,
            "exp": id_token["iat"] + ID_TOKEN_LIFETIME_S,
            "auth_time": int((concluded_at or timezone.now()).timestamp()),
            "acr": ACR,
            "amr": list(AMR),
        }
        signing_key = get_key_ring().require_signing_key()
        return jwt.encode(claims, signing_key.private_key, ALGORITHM, headers={"kid": signing_key.kid})

    def validate_bearer_token(self, token: str, scopes: list[str], request: Request) -> bool:
        """Besides what django-oauth-toolkit checks: the verification must not have been withdrawn."""
        if not super().validate_bearer_token(token, scopes, request):
            return False
        login = getattr(request.access_token, "oidc_login", None)
        return login is not None and login.session.token_revoked_at is None


def _find_login(code: str, client: Application) -> OidcLogin | None:
    logins = OidcLogin.objects.select_related("session")
    return logins.filter(code_hash=hash_secret(code), application=client).first()
