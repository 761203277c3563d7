"""The form of a connection: which line it belongs to, what its provider wants to know, how its chat looks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from openlines.admin.working_time_fields import WeekField
from openlines.connectors import registry
from openlines.connectors.api import outside
from openlines.connectors.base import CredentialField
from openlines.connectors.livechat import options as livechat
from openlines.models import Connection, OpenLine
from openlines.services import connections, courtesies, lines
from openlines.services.errors import CommandRefused

NEW_LINE = "new"
DRAFT_SALT = "openlines.connection.draft"
DEFAULT_COLOUR = "#2459cc"


class ConnectionForm(forms.Form):
    """``connection``: the one to change, or a fresh one of the chosen kind, with the address it will have (``draft_of``)."""

    draft = forms.CharField(required=False, widget=forms.HiddenInput)
    """Of a new one: its address is shown, and pasted at the provider, before it is saved."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("For colleagues: which account this is, for example “Shop”."),
        widget=UnfoldAdminTextInputWidget,
    )
    line = forms.ChoiceField(label=gettext_lazy("Line"), widget=UnfoldAdminSelectWidget)
    new_line = forms.CharField(
        label=gettext_lazy("Name of the new line"),
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(
        self, data: Any = None, *, connection: Connection, may_create_line: bool, **options: Any
    ) -> None:
        self.connection = connection
        super().__init__(data, **options)
        rows = OpenLine.objects.filter(deleting_since__isnull=True).order_by("name", "pk")
        self.line_names = {str(pk): name for pk, name in rows.values_list("pk", "name")}
        choices = [("", _("Choose a line")), *self.line_names.items()]
        if may_create_line:
            choices.append((NEW_LINE, _("＋ Create a new line")))
        self.fields["line"].choices = choices  # type: ignore[attr-defined]
        self.fields["line"].initial = str(connection.line_id or "")
        self.fields["name"].initial = connection.name
        if connection._state.adding:
            self.fields["draft"].initial = signing.dumps(str(connection.public_id), salt=DRAFT_SALT)
            self.made: dict[str, str] = connections.prepared(connection.kind, connection.public_id)
        else:
            self.made = {}
        self.credential_names: list[str] = []
        self.advanced_names: list[str] = []
        if registry.has(connection.kind):
            for field in registry.get(connection.kind).credential_fields:
                self._add_credential(field)
            self.fields["base_url"] = forms.URLField(
                label=_("Base address of the provider"),
                help_text=_("Empty: the provider’s own. For a proxy or a test server."),
                required=False,
                assume_scheme="https",
                initial=connection.base_url,
                widget=UnfoldAdminURLInputWidget,
            )
        if courtesies.can_mark_read(connection.kind):
            self.fields["read_marks"] = forms.BooleanField(
                label=_("Show clients that their messages were read"),
                help_text=_("As soon as the operator who holds the dialog sees them."),
                required=False,
                initial=courtesies.marks_read(connection),
            )
        if connection.kind == Connection.Kind.LIVECHAT:
            self._add_live_chat()

    # -- parts of the page

    def credentials(self) -> list[forms.BoundField]:
        """What has to be found at the provider; without what few need (``advanced``)."""
        return [self[name] for name in self.credential_names if name not in self.advanced_names]

    def advanced(self) -> list[forms.BoundField]:
        """What few need, and what is made here where nothing is entered."""
        return [self[name] for name in self.advanced_names]

    def advanced_is_used(self) -> bool:
        own = {f"credential_{f.name}": f for f in registry.get(self.connection.kind).credential_fields}
        entered = (
            name
            for name in self.advanced_names
            if not own[name].generated and (self[name].value() or "") not in ("", own[name].default)
        )
        wrong = (name for name in (*self.advanced_names, "base_url") if self.errors.get(name))
        return bool(self["base_url"].value() or next(entered, "") or next(wrong, ""))

    def appearance(self) -> list[forms.BoundField]:
        return [
            self[name]
            for name in ("title", "colour", "position", "allowed_domains", "schedule", "only_open")
            if name in self.fields
        ]

    # -- fields

    def _add_credential(self, field: CredentialField) -> None:
        stored = bool(self.connection.credentials.get(field.name))
        name = f"credential_{field.name}"
        self.credential_names.append(name)
        help_text = str(field.help_text)
        if field.generated or field.advanced:
            self.advanced_names.append(name)
        if stored and field.secret:
            help_text = f"{help_text} {_('Stored. Leave it empty to keep it.')}".strip()
        if field.secret:
            widget: forms.Widget = UnfoldAdminPasswordWidget(
                {
                    "autocomplete": "new-password",
                    "placeholder": "••••••••" if stored else "",
                }
            )
        elif field.choices:
            self.fields[name] = forms.ChoiceField(
                label=field.label,
                help_text=help_text,
                required=field.required,
                choices=field.choices,
                initial=self.connection.credentials.get(field.name) or field.default,
                widget=UnfoldAdminSelectWidget,
            )
            self._applies(name, field)
            return
        else:
            widget = UnfoldAdminTextInputWidget({"autocomplete": "off"})
        self.fields[name] = forms.CharField(
            label=field.label,
            help_text=help_text,
            required=field.required and not (stored and field.secret),
            max_length=8000,  # Microsoft's refresh tokens have 2000 letters and more
            initial=(
                ""
                if field.secret
                else self.connection.credentials.get(field.name) or self.made.get(field.name, "")
            ),
            widget=widget,
        )
        self._applies(name, field)

    def _applies(self, name: str, field: CredentialField) -> None:
        self.fields[name].when = f"credential_{field.when}" if field.when else ""  # type: ignore[attr-defined]

    def _add_live_chat(self) -> None:
        now = livechat.read(self.connection.options)
        self.fields["title"] = forms.CharField(
            label=_("Title"),
            max_length=100,
            required=False,
            initial=now.title,
            help_text=_("Clients read it above the chat. Empty: the name of the line."),
            widget=UnfoldAdminTextInputWidget,
        )
        self.fields["colour"] = forms.CharField(
            label=_("Colour"),
            required=False,
            initial=now.colour or DEFAULT_COLOUR,
            widget=UnfoldAdminColorInputWidget,
        )
        self.fields["position"] = forms.ChoiceField(
            label=_("Place on the page"),
            choices=[("right", _("bottom right")), ("left", _("bottom left"))],
            initial=now.position,
            required=False,
            widget=UnfoldAdminSelectWidget,
        )
        self.fields["allowed_domains"] = forms.CharField(
            label=_("Allowed domains"),
            required=False,
            initial="\n".join(now.allowed_domains),
            help_text=_(
                "One a line, for example shop.example or *.shop.example. Empty: the chat works on any page."
            ),
            widget=UnfoldAdminTextareaWidget({"rows": 3}),
        )
        saved = self.connection.options.get("schedule")
        self.fields["schedule"] = WeekField(
            label=_("Hours of the chat"),
            required=False,
            initial=saved if isinstance(saved, dict) else {},
            help_text=_("All empty: the working time of the line."),
        )
        self.fields["only_open"] = forms.BooleanField(
            label=_("Show the chat only in working hours"), required=False, initial=now.only_open
        )

    # -- checks

    def clean_colour(self) -> str:
        colour: str = self.cleaned_data["colour"].strip()
        if colour and not livechat.is_colour(colour):
            raise forms.ValidationError(_("Enter a colour like #2459cc."))
        return colour

    def clean_allowed_domains(self) -> list[str]:
        typed = [word for word in self.cleaned_data["allowed_domains"].replace(",", "\n").split() if word]
        bad = [word for word in typed if not livechat.domain(word)]
        if bad:
            raise forms.ValidationError(
                _("This is not a domain: %(bad)s. Write it like shop.example, without a path.")
                % {"bad": ", ".join(bad)}
            )
        return list(dict.fromkeys(livechat.domain(word) for word in typed))

    def clean(self) -> dict[str, Any]:
        line = self.cleaned_data.get("line", "")
        if line == NEW_LINE:
            if not self.cleaned_data.get("new_line", "").strip():
                self.add_error("new_line", _("Enter a name for the new line."))
            try:
                lines.refuse_over_limit()
            except CommandRefused as refused:
                self.add_error("line", refused.message)
        elif line in self.line_names:
            others = Connection.objects.filter(line_id=line, kind=self.connection.kind).exclude(
                pk=self.connection.pk
            )
            if others.exists():
                chosen = OpenLine(pk=int(line), name=self.line_names[line])
                self.add_error("line", connections.refusal(chosen, self.connection.kind))
        self._check_addresses()
        self._ask_for_secrets_again()
        return self.cleaned_data

    def _fields_of_kind(self) -> tuple[CredentialField, ...]:
        kind = self.connection.kind
        return registry.get(kind).credential_fields if registry.has(kind) else ()

    def _check_addresses(self) -> None:
        names = ["base_url", *(f"credential_{field.name}" for field in self._fields_of_kind() if field.leads)]
        for name in names:
            typed = self.cleaned_data.get(name, "")
            host = urlsplit(typed).hostname if "://" in typed else typed
            if not host or name.endswith(("_port", "_security")):
                continue
            try:
                outside.refuse_surroundings(host)
            except outside.Blocked as blocked:
                self.add_error(name, str(blocked))

    def _ask_for_secrets_again(self) -> None:
        """Nobody can read a stored secret; so nobody may have it sent to an address of their own either."""
        self.forgotten: set[str] = set()
        if self.connection._state.adding or not self._leads_elsewhere():
            return
        for field in self._fields_of_kind():
            name = f"credential_{field.name}"
            if not field.secret or not self.connection.credentials.get(field.name):
                continue
            if self.cleaned_data.get(name) or name in self.errors:
                continue
            if field.generated or not self._is_asked_for(field):
                self.forgotten.add(field.name)  # made anew, or of no use now
            else:
                self.add_error(
                    name,
                    _(
                        "The address that this is sent to has changed. Enter it again: "
                        "what is stored goes to the old address only."
                    ),
                )

    def _leads_elsewhere(self) -> bool:
        entered, stored = self.cleaned_data, self.connection.credentials
        if _origin(entered.get("base_url", "")) != _origin(self.connection.base_url):
            return True
        return any(
            (entered.get(f"credential_{field.name}", "").strip() or field.default)
            != (stored.get(field.name, "") or field.default)
            for field in self._fields_of_kind()
            if field.leads and f"credential_{field.name}" not in self.errors
        )

    def _is_asked_for(self, field: CredentialField) -> bool:
        other, _equals, value = field.when.partition("=")
        return not other or self.cleaned_data.get(f"credential_{other}", "") == value

    # -- what was entered

    def values(self) -> dict[str, Any]:
        """For ``services/connections``: without the line."""
        entered = self.cleaned_data
        found: dict[str, Any] = {"name": entered["name"]}
        if self.connection._state.adding:
            found["public_id"] = self.connection.public_id
        if self.credential_names:
            kept = dict(self.connection.credentials)
            for name in self.credential_names:
                value, key = entered[name].strip(), name.removeprefix("credential_")
                field = self.fields[name]
                if value or not isinstance(field.widget, forms.PasswordInput):
                    kept[key] = value
            found |= {
                "credentials": {
                    key: value
                    for key, value in kept.items()
                    if value and (key not in self.forgotten or value != self.connection.credentials.get(key))
                },
                "base_url": entered["base_url"],
            }
        if "read_marks" in self.fields:
            found["options"] = self.connection.options | {"read_marks": entered["read_marks"]}
        if "title" in self.fields:
            found["options"] = self.connection.options | {
                "title": entered["title"],
                "colour": entered["colour"],
                "position": entered["position"] or "right",
                "allowed_domains": entered["allowed_domains"],
                "schedule": entered["schedule"],
                "only_open": entered["only_open"],
            }
        return found


def _origin(url: str) -> tuple[str, str, int | None]:
    """What decides who hears us: a path does not."""
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port
    except ValueError:
        return url, "", None


def draft_of(kind: str, signed: str) -> Connection:
    """A fresh connection of ``kind``; with the address that ``signed`` shows it was given before, if it does."""
    connection = Connection(kind=kind, name="")
    with suppress(signing.BadSignature, ValueError, TypeError):  # then it has another
        connection.public_id = UUID(signing.loads(signed, salt=DRAFT_SALT))
    return connection
