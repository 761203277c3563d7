"""Texts of packages that come without Polish, as far as the administration shows them.

A package's text and one of ours are the same to Django, and ours go first; naming them here lets `make messages`
gather them. A text that a package has changed since is simply not used any more.
"""

from django.utils.translation import gettext_noop as _

UNFOLD = (
    _("Add new item"),
    _("Add row"),
    _("After you've created a user, you’ll be able to edit more user options."),
    _("All applications"),
    _("Apply Filters"),
    _("Choose file to upload"),
    _("Click to cancel"),
    _("Click to download"),
    _("Date"),
    _("Date from"),
    _("Date to"),
    _("Expand row"),
    _("False"),
    _("From"),
    _("General"),
    _("Go back"),
    _("Image preview"),
    _("Loading more results..."),
    _("No data"),
    _("No recent searches"),
    _("No results found"),
    _("No results matching your query"),
    _(
        "Raw passwords are not stored, so there is no way to see this user’s password, but you can change the "
        'password using <a href="{}" class="text-primary-600 dark:text-primary-500">this form</a>.'
    ),
    _("Recent searches"),
    _("Record picture"),
    _("Reset filters"),
    _("Return to site"),
    _("Run"),
    _("Search apps and models..."),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select record"),
    _("Select value"),
    _("This item will be deleted."),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Toggle password visibility"),
    _("True"),
    _("Type to search"),
)

AXES = (
    _("Access Attempt"),
    _("Attempt Remaining"),
    _("Clean up expired attempts"),
    _("Expires At"),
    _("HTTP Accept"),
    _("Locked Out"),
    _("Not set"),
    _("Session key hash (sha256)"),
    _("User Agent"),
)

DJANGO_Q = (
    _("Arguments"),
    _("Attempt count"),
    _("Cluster"),
    _("Failed task"),
    _("Function"),
    _("Keyword arguments"),
    _("Last task id"),
    _("Minutes"),
    _("Next Run"),
    _("Queued task"),
    _("Queued tasks"),
    _("Repeats"),
    _("Result"),
    _("Schedule Type"),
    _("Scheduled task"),
    _("Scheduled tasks"),
    _("Started at"),
    _("Stopped at"),
    _("Success"),
    _("Successful task"),
    _("Successful tasks"),
    _("Task"),
    _("Task id"),
    _("Tasks"),
    _("Time Taken"),
)
