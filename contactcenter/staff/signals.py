"""Announcements of the staff app, for the apps above it.

Sent after the rows are written, in the writing transaction; receivers use SQL only, and few statements. They
say "look at this employee again": what he is now, `staff.availability` knows. What time alone brings (a
leave that begins, a page that falls silent) is announced by nobody; `availability.next_change` says when.
"""

from django.dispatch import Signal

#: An employee's desk page answered after he had been offline (or never seen).
#: Arguments: employee_id (int), now (aware datetime).
arrived = Signal()

#: An employee was dismissed (Q9).
#: Arguments: employee_id (int), now (aware datetime).
dismissed = Signal()

#: Something that kept an employee from dialogs is over (Q4): his day started, his break or leave ended, his
#: desk page arrived, he was taken back, the tracking of work days was switched. Other things may still keep
#: him from them.
#: Arguments: employee_id (int), now (aware datetime).
became_available = Signal()

#: Something keeps an employee from dialogs (Q9): one of `Reason`.
#: Arguments: employee_id (int), now (aware datetime), reason (str).
became_unavailable = Signal()

#: The absences of employees were changed, or the zone their days are counted in, also those of other times:
#: `availability.next_change` answers differently now.
#: Arguments: employee_ids (collection of int), now (aware datetime).
absences_changed = Signal()

#: Notices were written to employees.
#: Arguments: employee_ids (collection of int), now (aware datetime).
noticed = Signal()


class Reason:
    """Why `became_unavailable` was sent. Nobody sends OFFLINE: staff does not watch the clock."""

    DAY_ENDED = "day_ended"
    BREAK = "break"
    LEAVE = "leave"
    WHOLE_DAY_LEAVE = "whole_day_leave"
    DISMISSED = "dismissed"
    OFFLINE = "offline"
