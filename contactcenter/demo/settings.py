"""The product's settings, plus the pages of the imaginary shop. Only the processes of `make demo` run with these."""

from contactcenter.settings import *  # noqa: F403

ROOT_URLCONF = "contactcenter.demo.urls"
