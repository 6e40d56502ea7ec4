"""The settings of the service, all from the environment; docs/reference/settings.md explains each.

No secret has a default. If a setting is missing or wrong, the process ends with one sentence that
says what to write (healthcode/environment.py).
"""

import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONCE, SELF

from healthcode import __version__
from healthcode import environment as kinds
from healthcode.environment import Environment, one_of, whole

BASE_DIR = Path(__file__).resolve().parent.parent

environment = Environment(os.environ)
required, optional = environment.required, environment.optional

# What this process does: everything, or only what doors need (docs/howto/deploy.md)
_ADDRESSES = {"service": "healthcode.urls", "doors": "healthcode.doors_urls"}
PROCESS_ROLE = optional("PROCESS_ROLE", one_of(*_ADDRESSES), "service")
SERVES_DOORS_ONLY = PROCESS_ROLE == "doors"


def required_unless_doors(name: str, kind: kinds.Setting[str]) -> str:
    """Read a setting that a process of doors starts without."""
    return optional(name, kind, "") if SERVES_DOORS_ONLY else required(name, kind)


# The issuer and its addresses
ISSUER = required("ISSUER", kinds.ISSUER)
BASE_URL = required("BASE_URL", kinds.ORIGIN).rstrip("/")
# Where staff log in. A passkey belongs to the name of this host, which cannot be an IP address.
STAFF_URL = optional("STAFF_URL", kinds.ORIGIN, BASE_URL).rstrip("/")
STATUS_BASE_URL = optional("STATUS_BASE_URL", kinds.ADDRESS, BASE_URL).rstrip("/")
DEMO = optional("DEMO", kinds.FLAG, False)

# Secrets
SECRET_KEY = required("SECRET_KEY", kinds.SECRET)
VAULT_KEYS = required_unless_doors("VAULT_KEYS", kinds.KEYS)
VAULT_INDEX_KEY = required_unless_doors("VAULT_INDEX_KEY", kinds.KEY)
# Only processes that sign codes need these two. A process of a verifier runs without them.
SIGNING_KEY_SECRET = optional("SIGNING_KEY_SECRET", kinds.SECRETS, "")
STATUS_INDEX_KEY = optional("STATUS_INDEX_KEY", kinds.KEY, "")
# Only workers need this one, because only they sign the public log.
LOG_KEY_SECRET = optional("LOG_KEY_SECRET", kinds.SECRETS, "")

# Django
DEBUG = optional("DEBUG", kinds.FLAG, False)
_OWN_NAMES = dict.fromkeys(urlsplit(url).hostname or "" for url in (BASE_URL, STAFF_URL))
_NAMES = optional("ALLOWED_HOSTS", kinds.HOSTS, ",".join(_OWN_NAMES))
# Monitoring on the same machine asks by this address.
ALLOWED_HOSTS = [*_NAMES.split(","), "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = list(dict.fromkeys((BASE_URL, STAFF_URL)))
ROOT_URLCONF = _ADDRESSES[PROCESS_ROLE]
AUTH_USER_MODEL = "accounts.Account"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
# These checks look in MIDDLEWARE for two classes that are in PAGE_MIDDLEWARE instead.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "healthcode",
    "healthcode.web",
    "accounts",
    "healthcode.acts",
    "healthcode.areas",
    "healthcode.evidence",
    "healthcode.colours",
    "healthcode.tracing",
    "healthcode.codes",
    "verifier",
    "healthcode.scan_tracing",
    "healthcode.visitor_codes",
    "healthcode.residents",
    "healthcode.officers",
    "healthcode.sources",
    "healthcode.administration",
    "healthcode.confirmation",
    "healthcode.audit",
]
# The final image does not contain them (Dockerfile).
if find_spec("healthcode.tools"):
    INSTALLED_APPS.append("healthcode.tools")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "healthcode.web.metrics.MetricsMiddleware",
    "healthcode.web.middleware.BodyLimitMiddleware",
    "healthcode.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "healthcode.web.middleware.PagesMiddleware",
    "healthcode.web.middleware.RefusalMiddleware",
]
# PagesMiddleware runs these for pages only, because calls of the interface carry a token instead.
PAGE_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    # This must run before the CSRF check, because that check reads the body.
    "accounts.middleware.RoleMiddleware",
    "healthcode.web.charsets.PartsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

# The pages of doors know nobody, so they read no session.
_OF_SESSIONS = {
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.RoleMiddleware",
    "accounts.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
}
if SERVES_DOORS_ONLY:
    PAGE_MIDDLEWARE = [layer for layer in PAGE_MIDDLEWARE if layer not in _OF_SESSIONS]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "healthcode.web.context.site",
                "accounts.context.navigation",
            ],
            "builtins": ["healthcode.web.templatetags.instants"],
        },
    },
]

DATABASE_URL = required("DATABASE_URL", kinds.DATABASE)
# The login of the role that owns the tables: for `manage.py migrate`, never for a process that
# stays (healthcode.web.database_roles).
DATABASE_OWNER_URL = optional("DATABASE_OWNER_URL", kinds.DATABASE, "")
DATABASES = {
    "default": {
        **dj_database_url.parse(DATABASE_URL, conn_max_age=600),
        "ENGINE": "healthcode.web.postgresql",
        "CONN_HEALTH_CHECKS": True,
        # PgBouncer in transaction mode has no session to keep a cursor in.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}

# The role that `manage.py migrate` gives the rights of doors (healthcode.web.doors_role).
DATABASE_DOORS_ROLE = optional("DATABASE_DOORS_ROLE", kinds.NAME, "")

SERVICE_ROLE = str(DATABASES["default"]["USER"])

# Language and time: Chinese is the default. Days are days in Shanghai, instants are stored in UTC.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# Files
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEBUG or DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

# Security
LOGIN_URL = "/login"
CSRF_FAILURE_VIEW = "healthcode.web.pages.csrf_failed"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
BEHIND_PROXY = optional("BEHIND_PROXY", kinds.FLAG, False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SESSION_COOKIE_SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# BodyLimitMiddleware has a limit for each address; this is the largest of them.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # zxing-wasm compiles WebAssembly in the scanner page.
        "script-src": [SELF, NONCE, "'wasm-unsafe-eval'"],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "worker-src": [SELF],
        "connect-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": [SELF],
        "frame-ancestors": ["'none'"],
        "form-action": [SELF],
    }
}

# How many calls of each kind (healthcode.web.calls) one web process works on at the same time.
REQUESTS_AT_ONCE = optional("REQUESTS_AT_ONCE", whole(1, 1000, "requests"), 6)

# The HTTP interface
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["healthcode.web.permissions.Deny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["healthcode.web.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "healthcode.web.negotiation.Negotiation",
    "DEFAULT_SCHEMA_CLASS": "healthcode.web.schema.Schema",
    "EXCEPTION_HANDLER": "healthcode.web.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # Clients choose the format by the Accept header, not by `?format=`.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Health code service",
    "DESCRIPTION": "Declare, get a colour with its reasons, show a code, verify it anywhere.",
    "VERSION": __version__,
    "DEFAULT_GENERATOR_CLASS": "healthcode.web.schema.Generator",
    "OAS_VERSION": "3.1.1",
    "SERVERS": [{"url": BASE_URL}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "CodeKindEnum": "healthcode.codes.serializers.KINDS",
        "OwnDeviceKindEnum": "accounts.serializers.DEVICES",
        "IdTypeEnum": "accounts.serializers.ID_TYPES",
        "DoubtEnum": "healthcode.evidence.errors.DOUBTS",
        "ReasonEnum": "verifier.serializers.REASONS",
        "LevelEnum": "healthcode.officers.maps.serializers.LEVELS",
        "PlaceKindEnum": "healthcode.tracing.kinds.PlaceKind",
        "ProposalKindEnum": "healthcode.confirmation.serializers.KINDS",
        "ProposalStateEnum": "healthcode.confirmation.serializers.STATES",
    },
}

# One-time codes: the class that sends them (accounts/sms.py)
SMS_SENDER = required_unless_doors("SMS_SENDER", kinds.CLASS)
SMS_COUNTRIES = optional("SMS_COUNTRIES", kinds.COUNTRIES, "86,852,853,886")
CODES_PER_HOUR = optional("CODES_PER_HOUR", whole(1, 100_000_000, "codes"), 20_000)
CODES_PER_DAY = optional("CODES_PER_DAY", whole(1, 100_000_000, "codes"), 100_000)
OTP_PER_ADDRESS_HOURLY = optional("OTP_PER_ADDRESS_HOURLY", whole(1, 1_000_000, "codes"), 300)

# Real-name checks: the class that asks a register of people (accounts/identity_check.py)
IDENTITY_CHECK = required_unless_doors("IDENTITY_CHECK", kinds.CLASS)

# Codes
_FORTNIGHT = 14 * 24 * 3600
LIVE_CODE_SECONDS = optional("LIVE_CODE_SECONDS", whole(30, 24 * 3600, "seconds"), 300)
PAPER_CODE_SECONDS = optional("PAPER_CODE_SECONDS", whole(60, _FORTNIGHT, "seconds"), _FORTNIGHT)

# How long each kind of data is kept (docs/reference/retention.md). One-time codes, tokens and
# sessions have an expiry of their own and are deleted after it.
SCAN_RETENTION_DAYS = optional("SCAN_RETENTION_DAYS", kinds.DAYS, 28)
EVIDENCE_RETENTION_DAYS = optional("EVIDENCE_RETENTION_DAYS", kinds.DAYS, 14)
COLOUR_RETENTION_DAYS = optional("COLOUR_RETENTION_DAYS", kinds.DAYS, 28)
ACCOUNT_RETENTION_DAYS = optional("ACCOUNT_RETENTION_DAYS", kinds.DAYS, 28)

# Statistics show no number for groups smaller than this.
STATISTICS_MIN_GROUP = optional("STATISTICS_MIN_GROUP", whole(2, 1_000_000, "people"), 10)

# Which issuers are recognised: an alliance's trust list (address or file) and its keys (file)
FETCH_PRIVATE = optional("FETCH_PRIVATE", kinds.FLAG, False)
TRUST_LIST = optional("TRUST_LIST", kinds.SOURCE, "")
ALLIANCE_KEYS = optional("ALLIANCE_KEYS", kinds.FILE, "")

# Who witnesses the public log, and whose log is witnessed (files in the form of C2SP tlog-policy)
LOG_POLICY = optional("LOG_POLICY", kinds.FILE, "")
WITNESSED_LOGS = optional("WITNESSED_LOGS", kinds.FILE, "")

# Celery: the broker only wakes workers, because the work itself is in the database.
BROKER_URL = required("BROKER_URL", kinds.BROKER)
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "recompute"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # How long a resident's call waits for a silent broker, at most once in ten seconds.
    "socket_timeout": 1.5,
    "socket_connect_timeout": 1,
    "max_retries": 0,
    # Acknowledging and restoring messages needs the broker, so kombu 5.7 ends a worker that holds
    # one while Valkey dies (AttributeError). The sweep finds the work of a lost message in seconds.
    "ack_emulation": False,
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    # Messages that a busy worker did not take in time are superseded by the next one.
    "acts.extend_log": {
        "task": "acts.extend_log",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    # Shortly after each hour; the later ones find what an earlier one missed.
    "acts.log_looks": {"task": "acts.log_looks", "schedule": crontab(minute="6-59/10")},
    "acts.ask_witnesses": {
        "task": "acts.ask_witnesses",
        "schedule": 3.0,
        "options": {"expires": 10},
    },
    "colours.sweep": {"task": "colours.sweep", "schedule": 10.0},
    "colours.count_turned_red": {
        "task": "colours.count_turned_red",
        "schedule": crontab(minute="*/10"),
    },
    "confirmation.tell_of_alarms": {
        "task": "confirmation.tell_of_alarms",
        "schedule": 30.0,
    },
    "codes.publish": {"task": "codes.publish", "schedule": 30.0},
    "verifier.refresh": {"task": "verifier.refresh", "schedule": 15.0},
    "verifier.doubts": {"task": "verifier.doubts", "schedule": 15.0},
    "audit.audit_tonight": {"task": "audit.audit_tonight", "schedule": 60.0},
    "tracing.place_waiting": {"task": "tracing.place_waiting", "schedule": 30.0},
    "forget often": {
        "task": "web.forget",
        "schedule": crontab(minute="*/10"),
        "kwargs": {"cadence": "often"},
    },
    "forget nightly": {
        "task": "web.forget",
        "schedule": crontab(hour=3, minute=20),
        "kwargs": {"cadence": "nightly"},
    },
}

LOG_LEVEL = optional("LOG_LEVEL", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
# prometheus_client reads this variable itself. A wrong folder would fail only at the first request.
PROMETHEUS_MULTIPROC_DIR = optional("PROMETHEUS_MULTIPROC_DIR", kinds.FOLDER, "")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    # Calls answered with 503 are counted in the metrics. A log line for each would add to the
    # overload.
    "filters": {
        "refused": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", None) != 503,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # At INFO Celery logs every task, which means several lines every ten seconds.
    # At INFO fido2 logs the number of each passkey.
    "loggers": {
        "celery": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},
        "django.request": {"filters": ["refused"]},
    },
}
