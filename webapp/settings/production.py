"""Many people, several processes: PostgreSQL and Redis, named by the environment.

Required: SECRET_KEY, DATABASE_URL (or PGHOST, PGDATABASE, PGUSER ...), REDIS_URL,
ALLELENS_ALLOWED_HOSTS. Each may be given as NAME_FILE.
"""

from django.core.exceptions import ImproperlyConfigured

from webapp.settings import environment
from webapp.settings.base import *  # noqa: F403

SECRET_KEY = environment.text("SECRET_KEY")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("SECRET_KEY must have at least 32 characters.")

ALLOWED_HOSTS = environment.names("ALLELENS_ALLOWED_HOSTS", "localhost,127.0.0.1")
CSRF_TRUSTED_ORIGINS = environment.names("ALLELENS_TRUSTED_ORIGINS")

DATABASES = {
    # Under ASGI a kept connection would belong to a thread that ends with its request.
    "default": environment.postgresql() | {"CONN_MAX_AGE": 0, "TEST": {"NAME": None}}
}

REDIS_URL = environment.text("REDIS_URL")
# Several installations may share one Redis.
REDIS_PREFIX = environment.text("ALLELENS_REDIS_PREFIX", "allelens")

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_PREFIX}:",
    "visibility_timeout": 600,
    # Without these two, kombu gives a lost message back only after ten times as long.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
}

CHANNEL_LAYERS: dict[str, dict[str, object]] = {
    "default": {
        # The core layer drops all beyond 100 unread messages and dies with Redis; this one
        # reconnects. It carries wake-ups only.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{REDIS_PREFIX}:live"},
    }
}

# Behind a proxy that ends TLS. Plain http only where the operator says so.
_https = environment.flag("ALLELENS_HTTPS", default=True)
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31536000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
if environment.flag("ALLELENS_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
