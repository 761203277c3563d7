from typing import Any

from django.contrib.auth.backends import ModelBackend

from contactcenter.staff import permissions
from contactcenter.staff.models import Employee


class RoleBackend(ModelBackend):
    """Django's own backend (passwords, is_active, permissions given by hand) and before it the roles' rights.

    An employee whose role is Administrator is no superuser and has no permission rows: his rights (§12) are
    read as model permissions, as each app laid down in `staff.permissions`. The roles are asked first: they
    cost one statement a request, and Django's permission tables two more.

    Asked about one object, a role answers as for all of them; what guardian gives for single objects its own
    backend says.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if isinstance(user_obj, Employee) and user_obj.is_active and permissions.allows(user_obj, perm):
            return True
        return super().has_perm(user_obj, perm, obj=obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if (
            isinstance(user_obj, Employee)
            and user_obj.is_active
            and permissions.allows_app(user_obj, app_label)
        ):
            return True
        return super().has_module_perms(user_obj, app_label)
