"""Secrets at rest: a JSON field whose column holds only ciphertext.

The key follows from ``SECRET_KEY``; ``SECRET_KEY_FALLBACKS`` are tried for reading, so that the key can be changed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"secrets at rest:{key!s}".encode()).digest()))
            for key in keys
        ]
    )


def encrypt(value: Any) -> str:
    return _fernet().encrypt(json.dumps(value).encode()).decode()


def decrypt(token: str) -> Any:
    """Raises ``ImproperlyConfigured`` where SECRET_KEY is another than the one it was written with."""
    try:
        return json.loads(_fernet().decrypt(token.encode()))
    except InvalidToken:
        raise ImproperlyConfigured(
            "A stored secret cannot be read with this SECRET_KEY. Put the earlier key into SECRET_KEY_FALLBACKS, "
            "or enter the credentials again."
        ) from None


class EncryptedJSONField(models.TextField):  # type: ignore[type-arg]
    """Any JSON value, encrypted. It cannot be searched."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else encrypt(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) and value else value

    def value_to_string(self, obj: models.Model) -> str:
        return json.dumps(self.value_from_object(obj))
