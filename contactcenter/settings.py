"""The settings, all changeable from the environment (or a file `.env` beside `manage.py`).

CONTACTCENTER_VAR         where data goes that is not in the database; default `var/`
STATIC_ROOT               where `collectstatic` puts the files browsers load; default `var/static`
DATABASE_URL              a PostgreSQL of your own; unset, an embedded one keeps its data under `var/`
PUBLIC_URL                the address people and messengers reach us at; https switches secure cookies on
ALLOWED_HOSTS             further host names, separated by commas
BEHIND_PROXY              whether X-Forwarded-Proto is to be believed; default: when PUBLIC_URL is https
TRUSTED_PROXIES           addresses and networks of proxies whose X-Forwarded-For is believed; default: behind a proxy
                          this machine's own, else none
SECRET_KEY                unset, one is made once and kept in `var/secret-key`
DEBUG                     Django's debug pages; never in production
TIME_ZONE, LANGUAGE_CODE, PHONE_REGION   the installation's defaults; people choose their own
REDIS_URL                 moves the task queue and the cache to Redis (needs the package `redis`)
CHAT_MESSAGES_A_MINUTE    how many a live-chat visitor may send; default 30, 0 sets no limit (load tests)
TASK_WORKERS              worker processes of `manage.py work`; default 3
CONTACTCENTER_MAX_LINES   how many lines there may be; default 0: as many as you like
PRIVATE_ADDRESSES         hosts, addresses, networks in a private network that custom channels may call; default none
LOG_LEVEL                 default INFO
EMAIL_URL, EMAIL_FROM     how notices leave, e.g. smtp+tls://user:password@host:587; unset, they are logged
"""

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from django.utils.translation import gettext_lazy as _

from contactcenter import navigation
from contactcenter.embedded import server as embedded
from contactcenter.secret import secret_key

django_stubs_ext.monkeypatch()  # ModelAdmin[Line] and the like, as the type checker wants them, run too

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

VAR = Path(env.str("CONTACTCENTER_VAR", default=str(BASE_DIR / "var"))).absolute()
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(VAR / "secret-key")

PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
_secure = _public.scheme == "https"
_hosts: list[str] = env.list("ALLOWED_HOSTS", default=[])
ALLOWED_HOSTS = [_public.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", *_hosts]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

INSTALLED_APPS = [
    "contactcenter.staff",
    "contactcenter.centre",
    "contactcenter.demo",
    "openlines",
    "crm",
    "kpi",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.guardian",
    "unfold.contrib.simple_history",
    "contactcenter.staff.admin_app.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",  # its widgets' templates, for FORM_RENDERER
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "guardian",
    "simple_history",
    "django_q",
    "axes",
    "django_htmx",
    "phonenumber_field",
    "lucide",
    "ninja",  # its documentation page's own scripts, instead of a CDN's
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "contactcenter.content_policy.ContentPolicyMiddleware",
    "contactcenter.json_errors.JsonErrorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "contactcenter.outage.DatabaseOutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "contactcenter.staff.middleware.EmployeeLocaleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "contactcenter.urls"
WSGI_APPLICATION = "contactcenter.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # widgets may have templates of ours

# -- database: one connection a thread, kept (a pool or CONN_MAX_AGE 0 costs two thirds of the requests per se

_connection: dict[str, object] = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
if env.str("DATABASE_URL", default=""):
    DATABASES = {"default": env.db_url("DATABASE_URL") | _connection}
else:
    _server = embedded.main_server(VAR)
    DATABASES = {"default": _server.settings(embedded.DATABASE) | _connection}
# A host that does not even refuse must not hold every thread for minutes.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- background work -----------------------------------------------------------------------------------------

Q_CLUSTER = {
    "name": "contactcenter",
    "label": _("Background tasks"),
    "orm": "default",
    "workers": env.int("TASK_WORKERS", default=3),
    "timeout": 300,  # seconds a task may take
    "retry": 360,  # seconds until an unacknowledged task is taken for lost; more than the timeout
    "max_attempts": 3,  # the default retries a failing task for ever
    "ack_failures": True,
    "catch_up": False,  # a schedule missed while we were down runs once, not once a minute missed
    "save_limit": 100,
    "save_limit_per": "func",
    "poll": 0.2,
    "guard_cycle": 0.5,
    "recycle": 500,
}
REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    del Q_CLUSTER["orm"]
    Q_CLUSTER["redis"] = REDIS_URL
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# -- live chat -----------------------------------------------------------------------------------------------

REQUEST_ADMISSION = "openlines.admission.allowance"
CHAT_MESSAGES_A_MINUTE = env.int("CHAT_MESSAGES_A_MINUTE", default=30)

PRIVATE_ADDRESSES: list[str] = env.list("PRIVATE_ADDRESSES", default=[])

CONTACTCENTER_MAX_LINES = env.int("CONTACTCENTER_MAX_LINES", default=0)

# -- people --------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "staff.Employee"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "contactcenter.staff.backends.RoleBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
ANONYMOUS_USER_NAME = None  # guardian's row for "nobody": nobody has no rights here
GUARDIAN_MONKEY_PATCH_USER = False
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_HANDLER = "contactcenter.staff.login_limits.Handler"
AXES_CLIENT_IP_CALLABLE = "contactcenter.staff.login_limits.client_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "contactcenter.staff.views.locked_out"

UNFOLD = navigation.UNFOLD

# -- languages, times, numbers -------------------------------------------------------------------------------

LANGUAGES = [("en", _("English")), ("pl", _("Polish"))]
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Warsaw")
USE_I18N = True
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = env.str("PHONE_REGION", default="PL")
PHONENUMBER_DB_FORMAT = "E164"
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

# -- files ---------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "media"  # private: views serve it, to whoever may see the dialog
FILE_UPLOAD_PERMISSIONS = 0o600
_static_storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
if not DEBUG:
    _static_storage = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_storage},
}

# -- safety --------------------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_AGE = 14 * 24 * 3600
LANGUAGE_COOKIE_SECURE = _secure
SECURE_SSL_REDIRECT = False  # the proxy's job
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if _secure else 0
SECURE_REFERRER_POLICY = "same-origin"
_behind_proxy = env.bool("BEHIND_PROXY", default=_secure)
if _behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES: list[str] = env.list(
    "TRUSTED_PROXIES", default=["127.0.0.0/8", "::1"] if _behind_proxy else []
)
X_FRAME_OPTIONS = "DENY"  # the chat's frame and a formatted mail exempt themselves

# -- mail and log --------------------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default=f"contactcenter@{_public.hostname}")

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "django.server": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "django-q": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}
