from contactcenter.staff.models.department import Department
from contactcenter.staff.models.employee import Employee
from contactcenter.staff.models.notice import Notice
from contactcenter.staff.models.presence import ONLINE_WITHIN, Presence
from contactcenter.staff.models.role import Right, Role, RoleBinding, RoleGrant, Scope

__all__ = [
    "ONLINE_WITHIN",
    "Department",
    "Employee",
    "Notice",
    "Presence",
    "Right",
    "Role",
    "RoleBinding",
    "RoleGrant",
    "Scope",
]
