"""Announcements of the staff app, for the apps above it."""

from django.dispatch import Signal

#: An employee's desk page answered after he had been offline (or never seen).
#: Arguments: employee_id (int), now (aware datetime). Sent after the row is written.
arrived = Signal()

#: An employee was dismissed (Q9), sent in the writing transaction.
#: Arguments: employee_id (int), now (aware datetime).
dismissed = Signal()
