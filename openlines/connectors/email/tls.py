"""Verified TLS for both ways, with the certificate authority's file that a company may have of its own."""

from __future__ import annotations

import ssl

from openlines.connectors.email.options import Server


def context(server: Server) -> ssl.SSLContext:
    """Raises OSError where the file is missing or holds no certificate."""
    return ssl.create_default_context(cafile=server.ca_file or None)
