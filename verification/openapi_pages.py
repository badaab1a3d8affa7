"""Pages and OpenID Connect in OpenAPI's terms: what drf-spectacular cannot see."""

from typing import Any

TEXT = {"type": "string"}
HTML = {"text/html": {"schema": TEXT}}


def _query(name: str, *, is_required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": is_required, "schema": {**TEXT, **schema}}


def _json(properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"application/json": {"schema": schema}}


def _page(description: str) -> dict[str, Any]:
    return {"description": description, "content": HTML}


SESSION_ID = {"name": "session_id", "in": "path", "required": True, "schema": {**TEXT, "format": "uuid"}}
AUTHORIZE = [
    _query("response_type", is_required=True, enum=["code"]),
    _query("client_id", is_required=True),
    _query("redirect_uri", is_required=True, description="exactly as registered"),
    _query("scope", is_required=True, enum=["openid"]),
    _query("code_challenge", is_required=True, pattern="^[A-Za-z0-9_-]{43}$"),
    _query("code_challenge_method", is_required=True, enum=["S256"]),
    _query("state", maxLength=2000),
    _query("nonce", maxLength=255),
    _query("login_hint", description="the party's own name for the person; see docs/openid-connect.md"),
    _query("prompt", description="`none` is answered with `login_required`"),
    _query("ui_locales"),
]
TOKEN_FORM = {
    "grant_type": {**TEXT, "enum": ["authorization_code"]},
    "code": TEXT,
    "redirect_uri": TEXT,
    "code_verifier": TEXT,
    "client_id": TEXT,
    "client_secret": TEXT,
}
OAUTH_ERROR = {"description": "RFC 6749, section 5.2", "content": _json({"error": TEXT})}

PROBLEM = {
    "description": "RFC 9457",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

TOO_MANY_PAGES = _page("Too many pages were asked for from this address; wait for `Retry-After` seconds")

PATHS: dict[str, Any] = {
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "Counts and times of this process, in Prometheus' text format",
            "responses": {
                "200": {"description": "The metrics", "content": {"text/plain": {"schema": TEXT}}},
                "401": {
                    **PROBLEM,
                    "description": "`POL_METRICS_TOKEN` is set and was not shown as a bearer token",
                },
                "403": {**PROBLEM, "description": "Without that token only this machine itself may ask"},
            },
        }
    },
    "/": {
        "get": {
            "operationId": "landing",
            "summary": "The landing page, or who we are for a client that prefers JSON",
            "responses": {
                "200": {
                    "description": "The page",
                    "content": {**HTML, **_json({"service": TEXT, "version": TEXT})},
                },
                "429": TOO_MANY_PAGES,
            },
        }
    },
    "/verify/{session_id}": {
        "get": {
            "operationId": "capture",
            "summary": "The capture page",
            "parameters": [SESSION_ID],
            "responses": {
                "200": _page("The session waits for its socket"),
                "404": _page("There is no such session"),
                "410": _page("It was used, or is over"),
                "429": TOO_MANY_PAGES,
            },
        }
    },
    "/.well-known/openid-configuration": {
        "get": {
            "operationId": "oidc_discovery",
            "summary": "OpenID Connect Discovery 1.0",
            "responses": {
                "200": {
                    "description": "The provider's metadata",
                    "content": _json({"issuer": TEXT, "authorization_endpoint": TEXT, "jwks_uri": TEXT}),
                },
                "429": OAUTH_ERROR,
            },
        }
    },
    "/oidc/authorize": {
        "get": {
            "operationId": "oidc_authorize",
            "summary": "Begin a sign-in: the person is sent to the capture page",
            "parameters": AUTHORIZE,
            "responses": {
                "303": {"description": "To the capture page"},
                "302": {"description": "Back to the party, with `error`, `state` and `iss`"},
                "400": _page("The client or its address is not known"),
                "429": _page("Too many sign-ins from this address"),
            },
        }
    },
    "/oidc/continue": {
        "get": {
            "operationId": "oidc_continue",
            "summary": "Where the capture page leads: on to the party",
            "parameters": [_query("session_id", is_required=True)],
            "responses": {
                "302": {"description": "To the party, with `code` or `error`, `state` and `iss`"},
                "400": _page("Begun in another browser, or not at all"),
                "409": _page("The check is not finished"),
                "429": TOO_MANY_PAGES,
            },
        }
    },
    "/oidc/token": {
        "post": {
            "operationId": "oidc_token",
            "summary": "A code for an ID token and an access token",
            "requestBody": {
                "required": True,
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {"type": "object", "properties": TOKEN_FORM, "required": ["grant_type"]}
                    }
                },
            },
            "responses": {
                "200": {
                    "description": "The tokens",
                    "content": _json({"id_token": TEXT, "access_token": TEXT, "token_type": TEXT}),
                },
                "400": OAUTH_ERROR,
                "401": OAUTH_ERROR,
                "405": {"description": "POST is needed"},
                "429": OAUTH_ERROR,
            },
        }
    },
    "/oidc/userinfo": {
        "get": {
            "operationId": "oidc_userinfo",
            "summary": "The subject of an access token",
            "parameters": [
                {"name": "Authorization", "in": "header", "required": False, "schema": TEXT},
            ],
            "responses": {
                "200": {"description": "The subject", "content": _json({"sub": TEXT})},
                "401": {"description": "No valid access token", "content": _json({"error": TEXT})},
                "429": OAUTH_ERROR,
            },
        }
    },
}
