"""How the rights of roles (§12) open Django's model permissions, and thereby the admin.

Each app says in its `AppConfig.ready()` which right shows its models and which right changes them:

    permissions.open_models("openlines", see=Right.LINES_SEE, change=Right.LINES_CHANGE)
    permissions.open_models("openlines", "connection", see=Right.LINES_SEE, change=Right.CONNECTIONS_CHANGE)

A model's own entry is looked up first, then its app's. A proxy counts as a model of its app, a history model
(simple-history) as the model it keeps. What nobody opened stays closed to all but superusers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contactcenter.staff.models.role import Right, Scope

if TYPE_CHECKING:
    from contactcenter.staff.models import Employee


@dataclass(frozen=True)
class Gate:
    see: Right
    change: Right | None  # None: nobody but superusers
    at_least: Scope


_gates: dict[tuple[str, str], Gate] = {}


def open_models(
    app_label: str, model: str = "", *, see: Right, change: Right | None, at_least: Scope = Scope.ALL
) -> None:
    """Opens the app's models, or the one named (`model_name`), to those whose right reaches that far."""
    _gates[app_label, model] = Gate(see=see, change=change, at_least=at_least)


def allows(employee: "Employee", permission: str) -> bool:
    """Whether a role gives him `app_label.action_model`; every action but `view` counts as a change."""
    app_label, _, codename = permission.partition(".")
    action, _, model = codename.partition("_")
    gate = _gates.get((app_label, model.removeprefix("historical"))) or _gates.get((app_label, ""))
    if gate is None:
        return False
    needed = (gate.see, gate.change) if action == "view" else (gate.change,)
    return any(right is not None and employee.has_right(right, gate.at_least) for right in needed)


def allows_app(employee: "Employee", app_label: str) -> bool:
    """Whether a role gives him anything in the app."""
    return any(
        employee.has_right(right, gate.at_least)
        for (label, _), gate in _gates.items()
        if label == app_label
        for right in (gate.see, gate.change)
        if right is not None
    )
