"""The admin pages of the staff app, and of the libraries whose tables an administrator meets."""

from contactcenter.staff.admin import access, departments, employees, roles, schedules

__all__ = ["access", "departments", "employees", "roles", "schedules"]
