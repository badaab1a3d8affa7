"""Settings from the environment only; docs/configuration.md lists every variable.

`X_FILE` may stand for any `X`: the value is then read from that file, as container secrets are.
"""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from polsite.environment import StrictEnv

VERSION = "0.1.0"
BASE_DIR = Path(__file__).resolve().parent.parent
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
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "csp",
    "servestatic",
    "verification",
    "audit",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'polsite.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that reads before it writes would otherwise fail with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    # Channels hands database work to a thread pool, so connections are pooled rather than kept a thread.
    DATABASES["default"].update({"CONN_MAX_AGE": 0, "OPTIONS": {"pool": True}})

REDIS_URL: str = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = DEBUG
SERVESTATIC_AUTOREFRESH = DEBUG

# --- language and time -----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- HTTP security ---------------------------------------------------------------------------
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("POL_BEHIND_PROXY", default=False) else None
)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^health$"]
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

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["verification.parsers.StrictJsonParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["verification.api_keys.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "EXCEPTION_HANDLER": "verification.problems.handle_exception",
    "DEFAULT_THROTTLE_RATES": {
        "open_session": env.str("POL_RATE_OPEN_SESSION", default="60/min"),
        "read_session": env.str("POL_RATE_READ_SESSION", default="600/min"),
        "validate_token": env.str("POL_RATE_VALIDATE_TOKEN", default="6000/min"),
        "public": env.str("POL_RATE_PUBLIC", default="600/min"),
    },
    "NUM_PROXIES": env.int("POL_NUM_PROXIES", default=0),
    "UNAUTHENTICATED_USER": None,
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
POL_INFERENCE_THREADS = env.int("POL_INFERENCE_THREADS", default=0)  # 0: one a core
POL_MAX_SESSIONS = env.int("POL_MAX_SESSIONS", default=0)  # live sockets in a process; 0: twelve a core

# --- proof of life ---------------------------------------------------------------------------
JWT_EXPIRY_MINUTES = env.int("JWT_EXPIRY_MINUTES", default=15)
JWT_EXPIRY = timedelta(minutes=JWT_EXPIRY_MINUTES)
POL_SIGNING_KEY: str = env.str("POL_SIGNING_KEY", default="", multiline=True)
POL_SIGNING_KEYS_DIR = Path(env.str("POL_SIGNING_KEYS_DIR", default=str(VAR_DIR / "keys"))).expanduser()
POL_TOKEN_ISSUER: str = env.str("POL_TOKEN_ISSUER", default=POL_PUBLIC_URL or "proof-of-life")
POL_TOKEN_AUDIENCE: str = env.str("POL_TOKEN_AUDIENCE", default="proof-of-life")
SESSION_TIMEOUT_SECONDS = env.int("SESSION_TIMEOUT_SECONDS", default=120)
POL_CHALLENGES: list[str] = env.list("POL_CHALLENGES", default=[])
POL_CHALLENGE_COUNT: str = env.str("POL_CHALLENGE_COUNT", default="3-5")
POL_CHALLENGE_TIMEOUT_SECONDS = env.int("POL_CHALLENGE_TIMEOUT_SECONDS", default=15)
POL_MAX_CONSECUTIVE_FAILURES = env.int("POL_MAX_CONSECUTIVE_FAILURES", default=3)
POL_PASS_THRESHOLD = env.float("POL_PASS_THRESHOLD", default=0.70)
POL_WEIGHTS: str = env.str("POL_WEIGHTS", default="0.50,0.25,0.25")
POL_FLOORS: str = env.str("POL_FLOORS", default="")  # liveness,emotion,deepfake; empty: the measured defaults
POL_MAX_FRAME_BYTES = env.int("POL_MAX_FRAME_BYTES", default=262_144)
POL_MAX_FRAME_PIXELS = env.int("POL_MAX_FRAME_PIXELS", default=1920 * 1080)
POL_MAX_FPS = env.int("POL_MAX_FPS", default=30)
POL_AUDIT_RETENTION_DAYS = env.int("POL_AUDIT_RETENTION_DAYS", default=90)
POL_REQUIRE_API_KEY = env.bool("POL_REQUIRE_API_KEY", default=not DEBUG)
POL_EXPOSE_SCORES = env.bool("POL_EXPOSE_SCORES", default=DEBUG)

# --- logs ------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    # The access log would write the ticket of every WebSocket request line.
    "loggers": {
        "daphne.access": {"level": "ERROR"},
        "django.channels.server": {"level": "ERROR"},
        # A client's Host header is no error of ours, and its 400 is logged as a warning anyway.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
