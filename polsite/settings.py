"""Settings from the environment only; docs/configuration.md lists every variable.

`X_FILE` may stand for any `X`: the value is then read from that file, as container secrets are.
"""

import tomllib
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from polsite.environment import StrictEnv
from polsite.logs import build_logging
from polsite.storage import build_caches, build_channel_layers, complete_database

BASE_DIR = Path(__file__).resolve().parent.parent
# Stated once, in pyproject.toml.
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
VAR_DIR = BASE_DIR / "var"

env = StrictEnv()

DEBUG = env.bool("DEBUG", default=False)
DEVELOPMENT_SECRET_KEY = "django-insecure-development-only-refused-by-the-checks-in-production"  # noqa: S105
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_SECRET_KEY if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "Set SECRET_KEY (or SECRET_KEY_FILE) to 50 or more random characters, or DEBUG=1 on your own machine."
    )

HOST = env.str("HOST", default="0.0.0.0")  # noqa: S104  (the default of the published contract)
PORT = env.int("PORT", default=8000)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
# Origins a capture page may be served from, beside the request's own host (scheme://host[:port]).
POL_ALLOWED_ORIGINS: list[str] = env.list("POL_ALLOWED_ORIGINS", default=[])
# The address people reach this server at, when a proxy hides it: https://verify.example.org
POL_PUBLIC_URL: str = env.str("POL_PUBLIC_URL", default="")
CSRF_TRUSTED_ORIGINS = [POL_PUBLIC_URL] if POL_PUBLIC_URL else []

INSTALLED_APPS = [
    "polsite.apps.ProofOfLifeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "oauth2_provider",
    "corsheaders",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "csp",
    "servestatic",
    "django_prometheus",
    "verification",
    "audit",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "verification.headers.ResourcePolicyMiddleware",
    "verification.cross_origin.RelyingPartyCorsMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "verification.outage.OutageMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "verification.language.LanguageChoiceMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "verification.one_thread.keep_in_one_thread",  # last: see there
]

# Of these, what a service's call needs: see verification/api_handler.py.
API_MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "verification.headers.ResourcePolicyMiddleware",
    "verification.cross_origin.RelyingPartyCorsMiddleware",
    "verification.outage.OutageMiddleware",
    "verification.headers.ApiPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "polsite.urls"
ASGI_APPLICATION = "polsite.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- storage ---------------------------------------------------------------------------------
VAR_DIR.mkdir(mode=0o700, exist_ok=True)
DATABASES = {
    "default": complete_database(
        env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'polsite.sqlite3'}")
    )
}
REDIS_URL: str = env.str("REDIS_URL", default="")
CACHES = build_caches(REDIS_URL)
CHANNEL_LAYERS = build_channel_layers(REDIS_URL)

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "polsite.static_files.HashedFilesStorage"
    },
}
SERVESTATIC_USE_FINDERS = DEBUG
SERVESTATIC_AUTOREFRESH = DEBUG

# --- language and time -----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("de", "Deutsch"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- HTTP security ---------------------------------------------------------------------------
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("POL_BEHIND_PROXY", default=False) else None
)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG
# "no-referrer" would send forms with `Origin: null`, which the CSRF check refuses: no one could log in.
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        # CSP 3: 'self' covers the WebSocket of the same host.
        "connect-src": [SELF, "ws:", "wss:"] if DEBUG else [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:", "mediastream:"],
        "object-src": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "camera": ["self"],
    "microphone": [],
    "geolocation": [],
    "payment": [],
    "usb": [],
    "display-capture": [],
}

NUM_PROXIES = env.int("POL_NUM_PROXIES", default=0)
# Whose pages may call: those of relying parties; `verification.cross_origin` asks the database.
CORS_URLS_REGEX = r"^/(auth/|token/|oidc/|api/|\.well-known/)"
CORS_ALLOW_CREDENTIALS = False
CORS_PREFLIGHT_MAX_AGE = 600

# The admin's login: five wrong passwords for one name from one address lock that pair for a quarter of an hour.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "verification.limits.identify"
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # who logged in when, and from where, is not kept
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]
OTP_TOTP_ISSUER = "Proof of Life"
POL_ADMIN_REQUIRE_OTP = env.bool("POL_ADMIN_REQUIRE_OTP", default=False)

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["verification.parsers.StrictJsonParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["verification.api_keys.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "EXCEPTION_HANDLER": "verification.problems.handle_exception",
    "DEFAULT_THROTTLE_RATES": {
        "open_session": env.rate("POL_RATE_OPEN_SESSION", default="60/min"),
        "read_session": env.rate("POL_RATE_READ_SESSION", default="600/min"),
        "validate_token": env.rate("POL_RATE_VALIDATE_TOKEN", default="6000/min"),
        "public": env.rate("POL_RATE_PUBLIC", default="600/min"),
        "relying_party": env.rate("POL_RATE_RELYING_PARTY", default="6000/min"),
        "subject": env.rate("POL_RATE_SUBJECT", default="600/min"),
        "handshake": env.rate("POL_RATE_HANDSHAKE", default="600/min"),
    },
    "NUM_PROXIES": NUM_PROXIES,
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Proof of Life",
    "DESCRIPTION": "Checks that a living person is before a camera now, and says so with a signed token.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["verification.openapi.add_pages"],
    "SCHEMA_PATH_PREFIX": "",
}

# OpenID Connect: the authorization code with PKCE and nothing else (RFC 9700); see verification/oidc.
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth2_provider.AccessToken"  # noqa: S105
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OAUTH2_SERVER_CLASS": "verification.oidc.server.CodeServer",
    "OAUTH2_VALIDATOR_CLASS": "verification.oidc.validator.LoginValidator",
    "SCOPES": {"openid": "That a living person was before the camera"},
    "PKCE_REQUIRED": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],  # of its own views, which are not used; ours: party_fields
    "ACCESS_TOKEN_EXPIRE_SECONDS": 300,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}

# --- models ----------------------------------------------------------------------------------
MEDIAPIPE_MODEL_PATH = Path(
    env.str("MEDIAPIPE_MODEL_PATH", default="~/.mediapipe_models/face_landmarker.task")
).expanduser()
DEEPFAKE_MODEL_PATH = Path(
    env.str("DEEPFAKE_MODEL_PATH", default=str(BASE_DIR / "verification/vision/weights/mesonet4.onnx"))
).expanduser()
DEEPFACE_HOME = Path(env.str("DEEPFACE_HOME", default="~")).expanduser()
POL_MODEL_MIRROR: str = env.str("POL_MODEL_MIRROR", default="")
POL_LANDMARK_ENGINE: str = env.str("POL_LANDMARK_ENGINE", default="litert", choices=("litert", "mediapipe"))
POL_INFERENCE_THREADS = env.int("POL_INFERENCE_THREADS", default=0)  # 0: one a core
POL_MAX_SESSIONS = env.int("POL_MAX_SESSIONS", default=0)  # live sockets in a process; 0: twelve a core
POL_MAX_ANSWER_MS = env.int(
    "POL_MAX_ANSWER_MS", default=250
)  # frames answered later than that: full; 0: never
POL_METRICS_TOKEN: str = env.str("POL_METRICS_TOKEN", default="")  # empty: /metrics for this machine only
POL_DRAIN_SECONDS = env.int("POL_DRAIN_SECONDS", default=60)  # how long a stop waits for sessions
POL_REPLICA_LEASE_SECONDS = env.int("POL_REPLICA_LEASE_SECONDS", default=15)  # unheard of for so long: gone

# --- proof of life ---------------------------------------------------------------------------
JWT_EXPIRY_MINUTES = env.int("JWT_EXPIRY_MINUTES", default=15)
JWT_EXPIRY = timedelta(minutes=JWT_EXPIRY_MINUTES)
POL_SIGNING_KEY: str = env.str("POL_SIGNING_KEY", default="", multiline=True)
POL_SIGNING_KEYS_DIR = Path(env.str("POL_SIGNING_KEYS_DIR", default=str(VAR_DIR / "keys"))).expanduser()
# The key of checkpoints and exports of the audit log; never that of tokens.
POL_AUDIT_KEYS_DIR = Path(
    env.str("POL_AUDIT_KEYS_DIR", default=str(POL_SIGNING_KEYS_DIR / "audit"))
).expanduser()
POL_TOKEN_ISSUER: str = env.str("POL_TOKEN_ISSUER", default=POL_PUBLIC_URL or "proof-of-life")
POL_TOKEN_AUDIENCE: str = env.str("POL_TOKEN_AUDIENCE", default="proof-of-life")
SESSION_TIMEOUT_SECONDS = env.int("SESSION_TIMEOUT_SECONDS", default=120)
# From a session's opening to consent on its page: reading is not timed.
POL_START_SECONDS = env.int("POL_START_SECONDS", default=1_800)
POL_CHALLENGES: list[str] = env.list("POL_CHALLENGES", default=[])
POL_CHALLENGE_COUNT: str = env.str("POL_CHALLENGE_COUNT", default="3-5")
POL_CHALLENGE_TIMEOUT_SECONDS = env.int("POL_CHALLENGE_TIMEOUT_SECONDS", default=15)
POL_MAX_CONSECUTIVE_FAILURES = env.int("POL_MAX_CONSECUTIVE_FAILURES", default=3)
POL_MAX_RETRIES = env.int("POL_MAX_RETRIES", default=2)  # sessions that may follow one that did not pass
POL_PASS_THRESHOLD = env.float("POL_PASS_THRESHOLD", default=0.70)
POL_WEIGHTS: str = env.str("POL_WEIGHTS", default="0.50,0.25,0.25")
POL_FLOORS: str = env.str("POL_FLOORS", default="")  # liveness,emotion,deepfake; empty: the measured defaults
POL_MAX_FRAME_BYTES = env.int("POL_MAX_FRAME_BYTES", default=262_144)
POL_MAX_FRAME_PIXELS = env.int("POL_MAX_FRAME_PIXELS", default=1920 * 1080)
POL_MAX_FPS = env.int("POL_MAX_FPS", default=30)
POL_AUDIT_RETENTION_DAYS = env.int("POL_AUDIT_RETENTION_DAYS", default=90)
POL_REQUIRE_API_KEY = env.bool("POL_REQUIRE_API_KEY", default=not DEBUG)
POL_EXPOSE_SCORES = env.bool("POL_EXPOSE_SCORES", default=DEBUG)

POL_LOCKOUT_FAILURES = env.int("POL_LOCKOUT_FAILURES", default=5)  # failed sessions of one user_id
POL_LOCKOUT_SECONDS = env.int(
    "POL_LOCKOUT_SECONDS", default=60
)  # of the first lockout; each next one doubles
POL_WEBHOOK_ALLOW_PRIVATE = env.bool("POL_WEBHOOK_ALLOW_PRIVATE", default=False)
POL_WEBHOOK_TIMEOUT_SECONDS = env.int("POL_WEBHOOK_TIMEOUT_SECONDS", default=10)
POL_WEBHOOK_MAX_ATTEMPTS = env.int("POL_WEBHOOK_MAX_ATTEMPTS", default=12)

# --- logs ------------------------------------------------------------------------------------
LOGGING = build_logging(
    is_json=env.bool("LOG_JSON", default=False), level=env.str("LOG_LEVEL", default="INFO")
)
