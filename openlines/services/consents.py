"""Consent to the processing of personal data (P1–P3): versions of the text, answers, withdrawals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from openlines.models import Client, ConsentRecord, ConsentVersion, Dialog, Message, OpenLine
from openlines.policies import texts
from openlines.policies.conversation import Decided, Note
from openlines.policies.facts import ConsentState, TextTrigger
from openlines.services.change import DialogChange, lock_dialog


def ensure_version(line: OpenLine, *, by_id: int | None, now: datetime) -> None:
    """P1: what clients are asked from now on is kept; a new version where text or document differ from the last one.

    Called in the transaction that saves the line, its texts or its document's address.
    """
    if not line.consent_enabled:
        return
    own = dict(line.texts.filter(trigger=TextTrigger.CONSENT).values_list("language", "text"))
    shipped = {tag: text for (trigger, tag), text in texts.SHIPPED.items() if trigger is TextTrigger.CONSENT}
    wanted = {**shipped, **own}
    latest = ConsentVersion.objects.filter(line=line).order_by("-number").first()
    if latest is not None and latest.texts == wanted and latest.url == line.consent_url:
        return
    ConsentVersion.objects.create(
        line=line,
        number=(latest.number if latest else 0) + 1,
        texts=wanted,
        url=line.consent_url,
        created_at=now,
        created_by_id=by_id,
    )


def follow(change: DialogChange, decided: Decided, *, by_id: int | None) -> None:
    """Write what a policy decided about the client's consent, within the dialog's change."""
    if decided.consent is None:
        return
    if decided.consent is ConsentState.UNHEARD:
        _put(change.dialog.client, ConsentState.UNHEARD, change.dialog.client.consent_version)
        return
    how = next(
        (
            effect.data["how"]
            for effect in decided.effects
            if isinstance(effect, Note) and effect.kind == "consent"
        ),
        ConsentRecord.How.TEXT,
    )
    version_id = change.settings.consent_version
    if decided.consent is not ConsentState.ASKED:
        version_id = change.dialog.client.consent_version_id or version_id
    text = next((m.text for m in change.messages if m.trigger == TextTrigger.CONSENT), "")
    _store(
        change.dialog.client,
        decided.consent,
        version_id=version_id,
        how=how,
        now=change.now,
        text=text,
        dialog=None if change.is_new else change.dialog,
        by_id=by_id,
    )


def unheard(change: DialogChange, message: Message) -> None:
    """``message`` failed for good. Was it the question that the client has not answered yet, then nothing was asked."""
    if message.trigger != TextTrigger.CONSENT:
        return
    newest = Message.objects.filter(dialog__client=change.dialog.client_id, trigger=TextTrigger.CONSENT)
    if newest.order_by("-pk").values_list("pk", flat=True).first() != message.pk:
        return
    _swap(change.dialog.client, old=ConsentState.ASKED, new=ConsentState.UNHEARD)


def heard(change: DialogChange, message: Message) -> None:
    """``message`` counted as failed, and has arrived all the same."""
    if message.trigger == TextTrigger.CONSENT:
        _swap(change.dialog.client, old=ConsentState.UNHEARD, new=ConsentState.ASKED)


def _swap(client: Client, *, old: ConsentState, new: ConsentState) -> None:
    if Client.objects.filter(pk=client.pk, consent_state=old).update(consent_state=new):
        client.consent_state = new


def join(*, keep: Client, gone: Client) -> None:
    """Two clients are one person: an answer holds before a question, of two answers the newer one."""
    for client in (keep, gone):
        client.refresh_from_db(fields=["consent_state", "consent_version"])
    rank_of_kept, rank_of_gone = (_rank(client) for client in (keep, gone))
    ConsentRecord.objects.filter(client=gone).update(client=keep)
    if rank_of_gone > rank_of_kept:
        _put(keep, ConsentState(gone.consent_state), gone.consent_version)


def _rank(client: Client) -> tuple[bool, bool, str]:
    state = ConsentState(client.consent_state)
    answered = state in (ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN)
    newest = ConsentRecord.objects.filter(client=client).order_by("-at", "-pk").first()
    return state is not ConsentState.NEVER_ASKED, answered, newest.at.isoformat() if newest else ""


def needs_answer(client: Client | None, line: OpenLine, *, version_id: int | None) -> bool:
    """P2, live chat: nothing can be sent before the answer to this version is yes."""
    if version_id is None:
        return False
    return (
        client is None
        or client.consent_state != ConsentState.GIVEN
        or client.consent_version_id != version_id
    )


def is_given(client: Client) -> bool:
    """C2 and C3 wait for it: nothing asked, or given."""
    return client.consent_state in (ConsentState.NEVER_ASKED, ConsentState.GIVEN)


def answer_in_chat(
    client: Client, *, version_id: int, given: bool, text: str, source: str, now: datetime
) -> None:
    """P2: accepted or declined before anything was written; a refusal is stored without a dialog and can be changed."""
    with transaction.atomic():
        decision = ConsentState.GIVEN if given else ConsentState.REFUSED
        if client.consent_state == decision and client.consent_version_id == version_id:
            return
        _store(
            client,
            decision,
            version_id=version_id,
            how=ConsentRecord.How.CHAT,
            now=now,
            text=text,
            source=source,
        )


def withdraw(client: Client, *, by_id: int | None, now: datetime) -> None:
    """P3: taken back on request; he is asked again when he next writes."""
    with transaction.atomic():
        if client.consent_state == ConsentState.WITHDRAWN:
            return
        _store(
            client,
            ConsentState.WITHDRAWN,
            version_id=client.consent_version_id,
            how=ConsentRecord.How.OPERATOR,
            now=now,
            by_id=by_id,
        )
        dialog = Dialog.objects.open().filter(client=client).values_list("pk", flat=True).first()
        if dialog is not None:
            change = DialogChange(lock_dialog(dialog), now=now)
            change.record("consent", actor_id=by_id, decision=ConsentState.WITHDRAWN, how="operator")
            change.write()


def _store(
    client: Client,
    decision: ConsentState,
    *,
    version_id: int | None,
    how: str,
    now: datetime,
    text: str = "",
    source: str = "",
    dialog: Dialog | None = None,
    by_id: int | None = None,
) -> None:
    version = ConsentVersion.objects.filter(pk=version_id).first() if version_id else None
    known: dict[str, Any] = {
        "version": version,
        "version_number": version.number if version else 0,
        "url": version.url if version else "",
    }
    if not text and version is not None:
        text = texts.choose(
            {(TextTrigger.CONSENT, tag): own for tag, own in version.texts.items()},
            TextTrigger.CONSENT,
            languages=(client.language,),
        )[0]
    ConsentRecord.objects.create(
        client=client,
        decision=decision,
        how=how,
        at=now,
        text=text,
        channel=client.connection.kind,
        source=source or client.page_url,
        dialog=dialog,
        by_id=by_id,
        **known,
    )
    _put(client, decision, version)


def _put(client: Client, decision: ConsentState, version: ConsentVersion | None) -> None:
    Client.objects.filter(pk=client.pk).update(consent_state=decision, consent_version=version)
    client.consent_state, client.consent_version = decision, version
