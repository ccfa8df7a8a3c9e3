"""One settings file. Every value that differs between places is read through `mulhouse.env`, and nothing unsafe has a default."""

import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry
from whitenoise.compress import Compressor

from mulhouse import env
from mulhouse.embedded.postgres import LocalPostgres
from mulhouse.embedded.secret import persistent_secret
from mulhouse.embedded.state import state_dir
from mulhouse.embedded.valkey import LocalValkey

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules

# production: everything comes from the environment. demo: `make run`. dev: autoreload and DEBUG. test: pytest.
PORTAL_ENV = env.text("PORTAL_ENV", "test" if TESTING else "production")
if PORTAL_ENV not in {"production", "demo", "dev", "test"}:
    raise ImproperlyConfigured("PORTAL_ENV must be production, demo, dev or test.")
PRODUCTION = PORTAL_ENV == "production"
DEBUG = PORTAL_ENV == "dev"

# One click signs in as anybody in demo mode: it must be impossible to switch on beside real people.
DEMO = PORTAL_ENV in {"demo", "dev"}
if PRODUCTION and env.boolean("DEMO", default=False):
    raise ImproperlyConfigured("Demo mode can not be switched on in production: unset DEMO.")

# --- State: where the embedded servers and uploaded files live when no address is configured -----------------------

if TESTING:
    STATE_DIR = Path(env.text("PORTAL_TEST_STATE", "") or tempfile.mkdtemp(prefix="portal-test-"))
    STATE_DIR.chmod(0o711)  # root: the unprivileged user that runs PostgreSQL must pass
else:
    STATE_DIR = state_dir(BASE_DIR)

SECRET_KEY = env.text("SECRET_KEY") if PRODUCTION else env.text("SECRET_KEY", "") or persistent_secret(STATE_DIR)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
# Makes the fingerprints that count a person once at the desk and on the web. Never changed: nobody would be recognised.
IDENTITY_KEY = env.text("IDENTITY_KEY") if PRODUCTION else env.text("IDENTITY_KEY", "") or f"identity:{SECRET_KEY}"
if PRODUCTION and len(IDENTITY_KEY) < 32:  # noqa: PLR2004 (a key that could be guessed gives the names back)
    raise ImproperlyConfigured("IDENTITY_KEY must have 32 signs at least (see .env.example).")
# Seals the box of a secret vote until its closing, and the receipts. Lost, the ballots of the votes under way are lost with it.
BALLOT_KEY = env.text("BALLOT_KEY") if PRODUCTION else env.text("BALLOT_KEY", "") or f"ballots:{SECRET_KEY}"
if PRODUCTION and len(BALLOT_KEY) < 32:  # noqa: PLR2004 (same)
    raise ImproperlyConfigured("BALLOT_KEY must have 32 signs at least (see .env.example).")

# --- Addresses --------------------------------------------------------------------------------------------------

SITE_URL = env.text("SITE_URL") if PRODUCTION else env.text("SITE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") if PRODUCTION else ["*"]
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("The environment variable ALLOWED_HOSTS is required (see .env.example).")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if PRODUCTION else []
# How many reverse proxies stand in front: the visitor's address is read that far from the end of X-Forwarded-For.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# --- Applications -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "mulhouse.apps.PortalConfig",
    "mulhouse.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "django_filters",
    "django_prose_editor",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "city",
    "transparency",
    "search",
    "opendata",
    "audience",
    "notifications",
    "accounts",
    "accounts.franceconnect",
    "privacy",
    "moderation",
    "desk",
    "questionnaires",
    "ballots",
    "commitments",
    "consultations",
    "councils",
    "ideas",
    "finances",
    "mediator",
]

MIDDLEWARE = [
    "mulhouse.middleware.RequestIdMiddleware",
    "mulhouse.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "mulhouse.middleware.PermissionsPolicyMiddleware",
    "mulhouse.middleware.GoneMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "audience.middleware.AudienceMiddleware",
    "mulhouse.middleware.BusyMiddleware",
    "mulhouse.middleware.ThrottleMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Before the first reading of a form, which is the one of the token.
    "mulhouse.middleware.PlainTextMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.IdleSessionMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
]

ROOT_URLCONF = "mulhouse.urls"
WSGI_APPLICATION = "mulhouse.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "mulhouse.context.site",
            ],
            "builtins": ["mulhouse.templatetags.ui"],
        },
    },
]
FORM_RENDERER = "mulhouse.renderer.PortalRenderer"

# --- Database ---------------------------------------------------------------------------------------------------

EMBEDDED_POSTGRES: LocalPostgres | None = None
if database_url := env.text("DATABASE_URL") if PRODUCTION else env.text("DATABASE_URL", ""):
    default_database = env.database(database_url)
else:
    EMBEDDED_POSTGRES = LocalPostgres(STATE_DIR, fast=TESTING)
    parameters = EMBEDDED_POSTGRES.params()
    default_database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parameters["dbname"],
        "USER": parameters["user"],
        "HOST": parameters["host"],
        "PORT": parameters["port"],
        "OPTIONS": {},
    }
# How alike a title must be to the words of a search that finds little: « publqiues » finds « publiques » at 0.5.
server_options = ["-c pg_trgm.word_similarity_threshold=0.45"]
# A page never waits long for a lock or a query: the visitor gets a 503 that says to try again. Commands and
# workers have no limit (an index takes the time it takes).
WEB = env.text("PORTAL_ROLE", "command") == "web"
if WEB:
    server_options.append(
        "-c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"
    )
default_database["OPTIONS"] = {
    **dict(default_database["OPTIONS"]),  # type: ignore[call-overload]
    "options": " ".join(server_options),
}
DATABASES = {"default": {**default_database, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}}

# --- Redis: broker, cache, rate limits -------------------------------------------------------------------------

EMBEDDED_VALKEY: LocalValkey | None = None
if redis_url := env.text("REDIS_URL") if PRODUCTION else env.text("REDIS_URL", ""):
    CELERY_BROKER_URL = redis_url
    cache_url = redis_url
else:
    EMBEDDED_VALKEY = LocalValkey(STATE_DIR)
    CELERY_BROKER_URL = EMBEDDED_VALKEY.broker_url()
    cache_url = EMBEDDED_VALKEY.url(db=1)
REDIS_CACHE_URL = cache_url
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": cache_url,
        "KEY_PREFIX": "portal",
        # One attempt: by default the client tries for ten seconds.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 0)},
    }
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_connect_timeout": 1,
    # A worker waits for messages; a page only leaves one, and its person waits with it.
    "socket_timeout": 1 if WEB else 5,
    # One more try at once: a pause here would keep waiting the person whose act was just confirmed.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_TIMEZONE = "Europe/Paris"
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "beat-schedule")

# --- People -----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# The address is unique whatever its capitals, by a constraint on lower(email).
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = [
    "accounts.backends.PortalBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:home"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the tests create hundreds of people
    if TESTING
    else ["django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "public_name")},
    },
    {"NAME": "accounts.passwords.LengthValidator", "OPTIONS": {"residents": 12, "staff": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Sessions end when idle; `accounts.middleware` measures it. The row and the cookie outlive that, so that whoever comes
# back is told that the session ended instead of finding a sign-in page without a reason.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 24 * 60 * 60
RESIDENT_SESSION_SECONDS = 8 * 60 * 60
STAFF_SESSION_SECONDS = 30 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "mulhouse.errorpages.csrf_failure"

# django-allauth. Source of the numbers: features-and-rules §3. The counters stand in Redis: without it, a form that
# signs in, signs up or checks a code answers 503.
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 3
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 2
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 60 * 60
ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 3
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_RATE_LIMITS = {
    "login": "20/m/ip",
    # Failures only: a success gives its attempt back. A reset by code clears what counts against the address.
    "login_failed": "5/m/key,10/15m/key,50/d/key,10/15m/ip",
    "signup": "10/m/ip,100/d/ip",
    "confirm_email": "1/10s/key,10/h/key",
    "reset_password": "20/m/ip,3/h/key",
    "reset_password_from_key": "20/m/ip",
    "request_login_code": "20/m/ip,3/m/key,10/h/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.AddEmailForm",
    "change_email": "accounts.forms.ChangeEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.ConfirmLoginCodeForm",
    "confirm_email_verification_code": "accounts.forms.ConfirmEmailVerificationCodeForm",
    "confirm_password_reset_code": "accounts.forms.ConfirmPasswordResetCodeForm",
}
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.MFAReauthenticateForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.forms.AddWebAuthnForm",
    "edit_webauthn": "accounts.forms.EditWebAuthnForm",
    "signup_webauthn": "accounts.forms.SignupWebAuthnForm",
}
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.SocialSignupForm"}
# The charter is accepted by everybody, whichever door they come by.
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5

# FranceConnect: off, without a route nor a button, until the three values are given.
FRANCECONNECT_ISSUER = env.text("FRANCECONNECT_ISSUER", "")
FRANCECONNECT_CLIENT_ID = env.text("FRANCECONNECT_CLIENT_ID", "")
FRANCECONNECT_CLIENT_SECRET = env.text("FRANCECONNECT_CLIENT_SECRET", "")
FRANCECONNECT = bool(FRANCECONNECT_ISSUER)
if FRANCECONNECT and not (FRANCECONNECT_CLIENT_ID and FRANCECONNECT_CLIENT_SECRET):
    raise ImproperlyConfigured(
        "FRANCECONNECT_ISSUER needs FRANCECONNECT_CLIENT_ID and FRANCECONNECT_CLIENT_SECRET (see .env.example)."
    )
SOCIALACCOUNT_PROVIDERS = (
    {
        "franceconnect": {
            "APPS": [
                {
                    "provider_id": "franceconnect",
                    "name": "FranceConnect",
                    "client_id": FRANCECONNECT_CLIENT_ID,
                    "secret": FRANCECONNECT_CLIENT_SECRET,
                    "settings": {"server_url": FRANCECONNECT_ISSUER, "token_auth_method": "client_secret_post"},
                }
            ]
        }
    }
    if FRANCECONNECT
    else {}
)

# --- Mail: rows of the outbox, delivered by Celery through this backend -------------------------------------------

EMAIL_BACKEND = "notifications.backends.OutboxBackend"
DELIVERY_BACKEND = env.text(
    "DELIVERY_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend" if PRODUCTION else "django.core.mail.backends.dummy.EmailBackend",
)
EMAIL_HOST = env.text("EMAIL_HOST") if PRODUCTION else env.text("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = env.integer("EMAIL_PORT", 587 if PRODUCTION else 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", default=PRODUCTION)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = (
    env.text("DEFAULT_FROM_EMAIL")
    if PRODUCTION
    else env.text("DEFAULT_FROM_EMAIL", "Mulhouse participe <ne-pas-repondre@mulhouse.example>")
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# A provider that reports refused addresses and complaints posts them with this « name:password » (HTTP basic).
EMAIL_PROVIDER = env.text("EMAIL_PROVIDER", "")
if EMAIL_PROVIDER not in {"", "brevo", "mailjet", "postmark"}:
    raise ImproperlyConfigured("EMAIL_PROVIDER must be brevo, mailjet, postmark, or unset.")
EMAIL_WEBHOOK_SECRET = env.text("EMAIL_WEBHOOK_SECRET", "")
if EMAIL_PROVIDER and not re.fullmatch(r"[^:]+:.{16,}", EMAIL_WEBHOOK_SECRET):
    raise ImproperlyConfigured("EMAIL_WEBHOOK_SECRET must be name:password, with 16 signs at least (see .env.example).")
ANYMAIL = {"WEBHOOK_SECRET": EMAIL_WEBHOOK_SECRET}

# --- Language and time ------------------------------------------------------------------------------------------

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("de", "Deutsch"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "mulhouse" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# --- Files ------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", "") or STATE_DIR / "static")
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", "") or STATE_DIR / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PORTAL_ENV in {"production", "demo"}
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if bucket := env.text("S3_BUCKET", ""):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {  # type: ignore[dict-item]
            "bucket_name": bucket,
            "endpoint_url": env.text("S3_ENDPOINT_URL", "") or None,
            "access_key": env.text("S3_ACCESS_KEY"),
            "secret_key": env.text("S3_SECRET_KEY"),
            "region_name": env.text("S3_REGION", "") or None,
            "default_acl": None,
            "querystring_auth": True,
            "file_overwrite": False,
        },
    }
# Only the names that carry a digest, which templates ask for, and no source map compressed: a first start three times shorter.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
WHITENOISE_MAX_AGE = 0 if DEBUG else 31_536_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# The detailed map: tiles that this very host serves, since the pages ask nothing of any other. None: no such map.
MAP_TILES_URL = env.text("MAP_TILES_URL", "")
MAP_TILES_CREDIT = env.text("MAP_TILES_CREDIT", "")
if MAP_TILES_URL and not re.fullmatch(r"/(?!/)[^?#]*", MAP_TILES_URL.split("?")[0]):
    raise ImproperlyConfigured("MAP_TILES_URL must be a path of this host, as /tuiles/{z}/{x}/{y}.png.")
if MAP_TILES_URL and not all(part in MAP_TILES_URL for part in ("{z}", "{x}", "{y}")):
    raise ImproperlyConfigured("MAP_TILES_URL must hold {z}, {x} and {y}, as /tuiles/{z}/{x}/{y}.png.")

# --- Security ---------------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = PRODUCTION and env.boolean("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

if FRANCECONNECT:
    # The forms that sign in and out end on FranceConnect's own pages.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(
        "{0.scheme}://{0.netloc}".format(urlsplit(FRANCECONNECT_ISSUER))
    )

# --- Logs: one line each on the console, with the request's id, never a body nor a secret --------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "mulhouse.tracing.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "mulhouse": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}

# --- What the city declares about itself: required in production, invented values elsewhere -----------------------


def _declared(name: str, example: str) -> str:
    return env.text(name) if PRODUCTION else env.text(name, example)


SITE_NAME = env.text("SITE_NAME", "Mulhouse participe")
LEGAL = {
    "publisher": _declared("LEGAL_PUBLISHER", "Ville de Mulhouse (site de démonstration)"),
    "publisher_address": _declared("LEGAL_PUBLISHER_ADDRESS", "Mairie, 68100 Mulhouse"),
    "publisher_phone": _declared("LEGAL_PUBLISHER_PHONE", "03 00 00 00 00"),
    "director": _declared("LEGAL_DIRECTOR", "La personne qui exerce la fonction de maire"),
    "host": _declared("LEGAL_HOST", "Cette machine (démonstration)"),
    "host_address": _declared("LEGAL_HOST_ADDRESS", "Adresse de démonstration"),
    "host_phone": _declared("LEGAL_HOST_PHONE", "03 00 00 00 00"),
    "controller": _declared("LEGAL_CONTROLLER", "Ville de Mulhouse"),
    "dpo_email": _declared("LEGAL_DPO_EMAIL", "donnees-personnelles@mulhouse.example"),
}
CONTACT = {
    "email": _declared("CONTACT_EMAIL", "participation@mulhouse.example"),
    "phone": _declared("CONTACT_PHONE", "03 00 00 00 00"),
    "address": _declared("CONTACT_ADDRESS", "Agence de la participation citoyenne, 68100 Mulhouse"),
    "hours": _declared("CONTACT_HOURS", "Du lundi au vendredi, de 9\u00a0h à 12\u00a0h et de 14\u00a0h à 17\u00a0h"),
}
SECURITY_CONTACT = _declared("SECURITY_CONTACT", "mailto:securite@mulhouse.example")
SECURITY_TXT_EXPIRES = _declared("SECURITY_TXT_EXPIRES", "2027-11-01T00:00:00Z")
# Until an audit is dated, the only declaration allowed is « non conforme » (RGAA).
ACCESSIBILITY_AUDIT_ON = env.text("ACCESSIBILITY_AUDIT_ON", "")
ACCESSIBILITY_RATE = env.integer("ACCESSIBILITY_RATE", 0)
