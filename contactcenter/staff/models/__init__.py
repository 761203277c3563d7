from contactcenter.staff.models.absence import Absence
from contactcenter.staff.models.department import Department
from contactcenter.staff.models.employee import Employee, WorkDayTracking
from contactcenter.staff.models.installation import Installation
from contactcenter.staff.models.notice import Notice
from contactcenter.staff.models.presence import ONLINE_WITHIN, Presence
from contactcenter.staff.models.role import Right, Role, RoleBinding, RoleGrant, Scope
from contactcenter.staff.models.work_day import Break, WorkDay

__all__ = [
    "ONLINE_WITHIN",
    "Absence",
    "Break",
    "Department",
    "Employee",
    "Installation",
    "Notice",
    "Presence",
    "Right",
    "Role",
    "RoleBinding",
    "RoleGrant",
    "Scope",
    "WorkDay",
    "WorkDayTracking",
]
