"""Announcements to the apps above (crm, kpi). Sent from services after the rows are written, inside the transaction.

Receivers use SQL only, and few statements; anything else becomes a task after the commit.
"""

from django.dispatch import Signal

client_message_received = Signal()
"""``message``: Message, ``dialog``: Dialog (locked), ``now``: datetime."""
