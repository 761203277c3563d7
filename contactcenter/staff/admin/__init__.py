"""The admin pages of the staff app, and of the libraries whose tables an administrator meets."""

from contactcenter.staff.admin import absences, access, departments, employees, installation, roles, schedules

__all__ = ["absences", "access", "departments", "employees", "installation", "roles", "schedules"]
