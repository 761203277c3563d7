"""The page "Consent" (P1, P3): its text with the document, the versions that are kept, and the log of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contactcenter.staff.models import Employee, Installation
from openlines.models import ConsentRecord, ConsentVersion, LineText, OpenLine
from tests.openlines.factories import NOW, make_client, make_connection, make_line

pytestmark = pytest.mark.django_db

Page = Callable[[str, OpenLine], str]
Filled = Callable[..., dict[str, Any]]
DOCUMENT = "https://shop.example/privacy"


def test_switched_on_it_says_what_it_does_and_keeps_the_first_version(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("consent", line)
    assert "Clients are not asked for consent." in client.get(address).text
    answer = client.post(
        address, filled(address, consent_enabled="on", consent_url=DOCUMENT), follow=True
    ).text
    assert "Saved." in answer
    assert "Each client is asked once" in answer
    version = ConsentVersion.objects.get(line=line)
    assert (version.number, version.url, version.created_by) == (1, DOCUMENT, administrator)
    assert "Olga Chief" in answer


def test_a_new_wording_is_a_new_version_and_other_changes_are_none(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("consent", line)
    client.post(address, filled(address, consent_enabled="on", consent_url=DOCUMENT))
    client.post(address, filled(address))
    assert ConsentVersion.objects.count() == 1
    client.post(address, filled(address, text_consent_en="Do you agree? #DOCUMENT#"))
    versions = ConsentVersion.objects.order_by("number")
    assert [one.number for one in versions] == [1, 2]
    assert versions[1].texts["en"] == "Do you agree? #DOCUMENT#"
    assert versions[1].texts["pl"] == versions[0].texts["pl"]
    other = page_of("other", line)
    client.post(other, filled(other, confirm_finish="on"))
    assert ConsentVersion.objects.count() == 2


def test_without_a_document_it_warns(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("consent", line)
    answer = client.post(address, filled(address, consent_enabled="on"), follow=True).text
    assert "There is no address of the full document" in answer


@pytest.mark.parametrize("macro", ["#NONSENSE#", "#OPERATOR#"])
def test_a_macro_that_means_nothing_here_is_refused_by_name(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled, macro: str
) -> None:
    address = page_of("consent", line)
    answer = client.post(
        address, filled(address, consent_enabled="on", text_consent_en=f"Agree, {macro}?")
    ).text
    assert f"{macro} is not known. These are: #LINE#, #COMPANY#, #DOCUMENT#." in answer
    assert not LineText.objects.exists()
    line.refresh_from_db()
    assert not line.consent_enabled


def test_the_preview_has_the_company_the_link_and_the_buttons(
    client: Client, administrator: Employee, page_of: Page
) -> None:
    line = make_line(administrator, consent_enabled=True, consent_url=DOCUMENT)
    Installation.objects.create(pk=1, company="Teapots Ltd")
    LineText.objects.create(line=line, trigger="consent", language="en", text="May #COMPANY# keep this?")
    page = client.get(page_of("consent", line)).text
    assert f"May Teapots Ltd keep this?\nThe full text: {DOCUMENT}" in page
    assert '<span class="ol-preview__button">I agree</span>' in page
    assert '<span class="ol-preview__button">Nie zgadzam się</span>' in page


def test_the_log_of_answers_can_be_filtered_and_not_changed(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    person = make_client(make_connection(line), name="Maria")
    for decision in ("given", "withdrawn"):
        ConsentRecord.objects.create(
            client=person, decision=decision, how="chat", at=NOW, text="Agree?", version_number=3
        )
    address = reverse("admin:openlines_consentrecord_changelist")
    assert client.get(address).context["cl"].result_count == 2
    assert client.get(address, {"decision__exact": "given"}).context["cl"].result_count == 1
    record = ConsentRecord.objects.filter(decision="given").get()
    change = reverse("admin:openlines_consentrecord_change", args=[record.pk])
    assert "Agree?" in client.get(change).text
    assert client.post(change, {"decision": "refused"}).status_code == 403
    assert client.get(reverse("admin:openlines_consentrecord_add")).status_code == 403
    assert client.post(reverse("admin:openlines_consentrecord_delete", args=[record.pk])).status_code == 403
