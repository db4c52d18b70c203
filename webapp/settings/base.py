"""What every way of running shares. Nothing here reads a secret or names a server."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from predictor.home import home
from webapp.settings import environment

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = home()
VERSION = "0.1.0"

DEBUG = False
ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "webapp.accounts",
    "webapp.projects",
    "webapp.genomes",
    "webapp.tracks",
    "webapp.results",
    "webapp.jobs",
    "webapp.hosted",
    "webapp.supervisor",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "webapp.accounts.local_user.LocalUserMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Static files: the built front end and the API docs' own copy of Swagger UI.
STATIC_URL = "/static/"
# Served from where the files are; nothing is collected.
STATIC_ROOT = None
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Vite names these after their content.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+-[\w-]{8,}\.\w+$"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "webapp.accounts.authentication.ApiTokenAuthentication",
        "webapp.accounts.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {"login": "10/min"},
    "EXCEPTION_HANDLER": "webapp.api_errors.exception_handler",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Allelens",
    "DESCRIPTION": (
        "Predictions of a DNA sequence model for reference and alternate alleles. "
        "Intervals are 0-based half-open; positions of variants are 1-based."
    ),
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_NAME_OVERRIDES": {
        # A job and a chunk have the same states.
        "JobState": "webapp.jobs.states.JobState",
        "PartState": "webapp.jobs.states.PartState",
        "Role": "webapp.projects.models.Role",
    },
}

# No outside host: fonts, scripts and genomes are served by us (privacy of patients' variants).
# igv.js and Mantine write style attributes and style elements, hence 'unsafe-inline' for styles.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "webapp.api_errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

# Jobs. Times in seconds.
JOB_LEASE_SECONDS = environment.number("ALLELENS_LEASE_SECONDS", 30)
JOB_DRAIN_SECONDS = environment.number("ALLELENS_DRAIN_SECONDS", 30)
JOB_SWEEP_SECONDS = environment.number("ALLELENS_SWEEP_SECONDS", 2)
JOB_MAX_TRIES = 3
# For every 16,384 bp of a chunk's window, which are begun; the work grows with the window.
JOB_CHUNK_SECONDS = environment.number("ALLELENS_CHUNK_SECONDS", 600)
JOB_MAX_VARIANTS = int(environment.number("ALLELENS_MAX_VARIANTS_PER_JOB", 1000))
JOB_MAX_ACTIVE_CHUNKS = int(environment.number("ALLELENS_MAX_ACTIVE_CHUNKS_PER_USER", 5000))
JOB_EVENT_RETENTION = timedelta(days=30)
WORKER_SLOT_TIMEOUT_SECONDS = 20.0
# A job's events are looked for this often by the one poller of a web process; where a channel
# layer wakes it, this is only the safety net.
EVENT_POLL_SECONDS = 3.0
EVENT_PING_SECONDS = 20.0
EVENT_MAX_SOCKETS_PER_USER = 50

# Windows of the network that a person may have computed through the gRPC service in a day; None
# for no limit.
SERVICE_WINDOWS_PER_DAY = int(environment.number("ALLELENS_SERVICE_WINDOWS_PER_DAY", 0)) or None

# The local user of the embedded mode; None means that people sign in.
LOCAL_USERNAME: str | None = None
MODE = "production"

# Celery (also read by the web process, which only sends messages). A message says no more than
# "there may be work": results, retries and chords have no place here.
CELERY_TASK_DEFAULT_QUEUE = "predict"
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
# A worker limits each chunk by itself (worker/time_limit.py), by the length of its window.
CELERY_TASK_TIME_LIMIT = None
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = 1
CELERY_WORKER_POOL = "prefork"
# Never fork after JAX: a forked child hangs.
CELERY_WORKER_POOL_START_METHOD = "spawn"
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 600
CELERY_WORKER_MAX_TASKS_PER_CHILD = None
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": environment.text("ALLELENS_LOG_LEVEL", "WARNING")},
    "loggers": {
        "allelens": {"level": environment.text("ALLELENS_LOG_LEVEL", "INFO")},
        "django.channels.server": {"level": "ERROR"},
    },
}
