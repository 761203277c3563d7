"""The product's settings, on a database server and files of the tests' own.

With `DATABASE_URL` set the tests use that server instead. Either way the database's name carries the run's
id, which the worker processes of one run share: two runs at once do not meet.
"""

import os
import tempfile
from pathlib import Path

RUN = os.environ.setdefault("CONTACTCENTER_TEST_RUN", f"{os.getpid()}")
_root = Path(__file__).resolve().parent.parent
_var = Path(os.environ.setdefault("CONTACTCENTER_VAR", f"{tempfile.gettempdir()}/contactcenter-test-{RUN}"))
os.environ.setdefault("SECRET_KEY", "tests-only")

from contactcenter.settings import *  # noqa: E402, F403
from contactcenter.settings import DATABASES, STORAGES  # noqa: E402

if not os.environ.get("DATABASE_URL"):
    from contactcenter.embedded.server import test_server

    DATABASES["default"] |= test_server(_root / "var").settings("postgres")
DATABASES["default"]["TEST"] = {"NAME": f"test_contactcenter_{RUN}"}

# Fast hashes; files straight from the sources, no collectstatic.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
AXES_ENABLED = False
