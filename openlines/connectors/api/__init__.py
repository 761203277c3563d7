"""The custom channel: any system of the customer's own, by signed webhooks both ways (Standard Webhooks).

The wire format is described at ``/api/docs`` and in ``parse.py`` and ``send.py``; the same events come in by the
REST endpoints of ``openlines/api/``.
"""
