"""The demo's canned replies: whole, in both languages, and at hand on both lines."""

import re

import pytest
from django.utils import timezone

from contactcenter.demo import replies, world
from openlines.models import CannedReply, Dialog
from openlines.services import canned_replies
from tests.openlines.factories import make_client, write

pytestmark = pytest.mark.django_db


def test_every_line_has_them_and_they_are_ready_to_be_sent() -> None:
    built = world.build(now=timezone.now())
    anna = built.people["anna"]
    shown = set()
    for key, line in built.lines.items():
        client = make_client(built.chats[key], name="Bożena Ś.", language="pl")
        dialog = Dialog.objects.get(pk=write(client).dialog.pk)
        found = canned_replies.find(dialog, me=anna)
        assert found.source == line.reply_list
        assert {reply.section for reply in found.replies} == set(replies.REPLIES)
        assert not [reply.text for reply in found.replies if re.search(r"#\w+#", reply.text)]
        assert "of Ziarno." in found.replies[8].text
        shown |= {reply.shortcut for reply in found.replies}
    assert len(shown) == 16
    assert CannedReply.objects.filter(files__isnull=False).count() == 2


def test_both_languages_say_the_same_things() -> None:
    polish, english = replies.REPLIES.values()
    assert len(polish) == len(english) == 8
    for one, other in zip(polish, english, strict=True):
        assert set(re.findall(r"#\w+#", one[2])) == set(re.findall(r"#\w+#", other[2])), one[0]
