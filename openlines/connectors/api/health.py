"""Does the customer's system take our calls? A signed ``ping`` tells."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.api import outside, send, signature
from openlines.connectors.base import Account, Failed, Finding, Health, Sent

PATIENCE = 8.0


def check(account: Account) -> Health:
    told = _ping(account)
    return replace(told, findings=(Finding(_("Your webhook"), told.ok, told.detail),))


def _ping(account: Account) -> Health:
    before = account.credentials.get("previous_secret", "")
    if before and not signature.secret(before):
        return Health(False, _("The previous signing secret is unusable. Enter it again, or leave it empty."))
    try:
        answer = send.call(account, "ping", {}, identifier=f"ping_{uuid4()}", seconds=PATIENCE)
    except outside.Blocked as error:
        return Health(False, str(error))
    except send.NoSecret:
        return Health(False, send.no_secret())
    except (http.NotSent, http.MaybeSent) as error:
        return Health(False, _("Your system cannot be reached: %(why)s.") % {"why": error}, _host(account))
    name = _host(account)
    found = send.outcome(answer, own_id="ping")
    if isinstance(found, Sent):
        return Health(True, _("Your system took a signed test call."), name)
    if isinstance(found, Failed):
        return Health(
            False,
            _("Your system refused a signed test call (answer %(status)d). It should answer 2xx to “ping”.")
            % {"status": answer.status},
            name,
        )
    return Health(False, found.reason, name)


def _host(account: Account) -> str:
    return urlsplit(send.target(account)).hostname or ""


def tear_down(account: Account) -> Health:
    return Health(True, _("Nothing is sent to your system any more; what it sends here is not kept."))
