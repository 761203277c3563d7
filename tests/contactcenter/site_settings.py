"""A site of a few pages behind the product's own `contactcenter.asgi`, for the tests of how it serves.

Its process starts in a fraction of the time the product takes, and its views do what none of ours should.
"""

import json
import os

SECRET_KEY = "tests-only"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.contactcenter.site_urls"
INSTALLED_APPS: list[str] = []
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": json.loads(os.environ["SITE_DATABASE"])}
USE_TZ = True
DEBUG = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
REQUEST_THREADS = 2
STREAMING_THREADS = 3
REQUEST_BODY_IN_MEMORY = 100_000
REQUEST_BODY_LIMIT = 3_000_000
REQUEST_PACE = {"idle": 1.0, "grace": 2.0, "rate": 1000, "whole": 5.0}
UPLOADS_AT_ONCE_PER_ADDRESS = 20
REQUEST_ADMISSION = "tests.contactcenter.site_urls.admit"
CLIENT_STREAMS_PER_ADDRESS = 5
CLIENT_STREAMS = 8
TRUSTED_PROXIES = ["127.0.0.1"]
