"""What came along with a message besides its words: the advertisement that brought the client, whose words they pass on,
which story or product they mean. Without it the words often mean nothing.

Every key that a connector writes into a message's ``data`` is shown here, in ``message_item.py`` or in ``mail.py``;
``tests/workspace/test_came_with.py`` has the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openlines.policies.names import readable

_SHARED = {
    "reel": ("clapperboard", gettext_lazy("Shares a reel")),
    "post": ("image", gettext_lazy("Shares a post")),
    "story": ("circle-dashed", gettext_lazy("Shares a story")),
    "story_mention": ("at-sign", gettext_lazy("Mentions us in a story")),
    "story_reply": ("reply", gettext_lazy("Replies to our story")),
}


@dataclass(frozen=True)
class Along:
    """``url`` empty: nothing to open."""

    icon: str
    words: str
    url: str = ""


def came_with(extra: Mapping[str, Any]) -> tuple[Along, ...]:
    return (*_referral(extra.get("referral")), *_forwarded(extra), *_meant(extra), *_around(extra))


def _referral(value: object) -> Iterator[Along]:
    """Twilio's names of the fields are its own."""
    if not isinstance(value, Mapping):
        return
    source = _text(value, "source", "source_type")
    title, ad = _text(value, "title", "headline"), _text(value, "ad", "source_id")
    what = f"“{title}”" if title else ad
    ref = _text(value, "ref")
    if source.lower() == "post" and what:
        head = _("Came by the post %(what)s") % {"what": what}
    elif what:
        head = _("Came by the advertisement %(what)s") % {"what": what}
    elif ref:
        head = _("Came by the link “%(ref)s”") % {"ref": ref}
    else:
        head = _("Came by: %(source)s") % {"source": source or "?"}
    more = [_text(value, "body"), _text(value, "product"), ref if ref and what else ""]
    if title and ad:
        more.append(ad)
    if (what or ref) and source.lower() not in ("", "ad", "ads", "post"):
        more.append(source)
    yield Along("megaphone", " · ".join([head, *filter(None, more)]), _web(_text(value, "url", "source_url")))


def _forwarded(extra: Mapping[str, Any]) -> Iterator[Along]:
    if whose := _text(extra, "forwarded_from"):
        yield Along("forward", _("Forwarded from %(whose)s") % {"whose": whose})
    elif extra.get("forwarded") is True:
        yield Along("forward", _("Forwarded"))


def _meant(extra: Mapping[str, Any]) -> Iterator[Along]:
    shared = _text(extra, "shared")
    if shared in _SHARED:
        icon, words = _SHARED[shared]
        yield Along(icon, str(words), _web(_text(extra, "link")))
    elif shared or _web(_text(extra, "link")):
        yield Along("link", shared or _text(extra, "link"), _web(_text(extra, "link")))
    if outside := _text(extra, "replies_to"):
        yield Along("reply", _("Replies to a message of %(whose)s") % {"whose": outside})
    if extra.get("replies_to_story"):
        yield Along("reply", _("Replies to a story"))
    if product := _text(extra, "product"):
        yield Along("shopping-bag", _("About the product %(product)s") % {"product": product})


def _around(extra: Mapping[str, Any]) -> Iterator[Along]:
    if extra.get("unproven") is True:
        yield Along(
            "triangle-alert",
            _(
                "Says that it is from us, but answers no mail of this conversation: somebody may have forged the sender"
            ),
        )
    if form := _text(extra, "form"):
        yield Along("list-checks", _("Filled in the form “%(form)s”") % {"form": form})
    if bot := _text(extra, "via_bot"):
        yield Along("bot", _("Written with the bot %(bot)s") % {"bot": bot})
    if extra.get("standby") is True:
        yield Along("users", _("Another app of the page leads this conversation"))


def _text(found: Mapping[str, Any], *names: str) -> str:
    """The first of ``names`` that has a word or a number."""
    for name in names:
        value = found.get(name)
        is_word = isinstance(value, str | int) and not isinstance(value, bool)
        if is_word and (said := readable(str(value))):
            return said
    return ""


def _web(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""
