"""Strangers' HTML shown harmless, cut at its quote, and in time."""

from __future__ import annotations

import time

import pytest

from openlines.connectors.email import markup


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\nscript:alert(1)'>x</a>",
        "<a href=data:text/html,x>x</a>",
        "<iframe src=//evil.test></iframe>",
        "<form action=//evil.test><input name=a><button>x</button></form>",
        "<style>@import url(//evil.test)</style>",
        "<div style='background:url(//evil.test/a)'>x</div>",
        "<div style='background-color:red;back\\67round:\\75rl(//evil.test)'>x</div>",
        "<div style='position:fixed;top:0'>x</div>",
        "<p id=main class=button>x</p>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<p title='--><script>alert(1)</script>'>x",
        "<math><mtext><img src onerror=alert(1)></mtext></math>",
        "<base href=//evil.test><link rel=stylesheet href=//evil.test>",
        "<img src='data:image/svg+xml;base64,AAAA'>",
        "<td background=//evil.test>x",
        "<img srcset='//evil.test/a 1x'>",
    ],
)
def test_nothing_dangerous_is_left(evil: str) -> None:
    clean = markup.clean_html(f"<p>before</p>{evil}<p>after</p>", {})
    assert "before" in clean
    for word in (
        "alert(",
        "evil.test",
        "javascript",
        "onerror",
        "<form",
        "<input",
        "url(",
        "position",
        "id=",
        "class=",
        "svg",
    ):
        assert word not in clean.replace("&lt;", "") or (word == "alert(" and "title=" in clean)


def test_remote_images_are_blocked_and_inline_ones_shown() -> None:
    html = "<img src='https://track.test/1.gif' alt='logo'><img src='cid:Pic@1'><img src='cid:gone'>"
    clean = markup.clean_html(html, {"pic@1": "/files/7"})
    assert "track.test" not in clean
    assert 'alt="logo"' in clean
    assert 'src="/files/7"' in clean
    assert "cid:" not in clean
    assert markup.has_remote_images(html)
    assert "https://track.test/1.gif" in markup.clean_html(html, {}, remote_images=True)


def test_links_open_elsewhere_and_tell_nothing() -> None:
    clean = markup.clean_html("<a href='https://a.test/?x=1&amp;y=2'>a</a>", {})
    assert 'href="https://a.test/?x=1&amp;y=2"' in clean
    assert 'rel="noopener noreferrer nofollow"' in clean
    assert 'target="_blank"' in clean


@pytest.mark.parametrize(
    "quote",
    [
        "<div class='gmail_quote'>On Monday x wrote:<blockquote>old</blockquote></div>",
        "<blockquote type=cite>old</blockquote>",
        "<div class='moz-cite-prefix'>On x wrote:</div><blockquote type='cite'>old</blockquote>",
        "<div id='appendonsend'></div><hr><b>From:</b> x<br>old",
        "<div id=divRplyFwdMsg><b>From:</b> x</div><div>old</div>",
        "<div class='yahoo_quoted'>old</div>",
        "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt'><b>From:</b> x</div></div><p>old</p>",
    ],
)
def test_html_is_cut_at_its_quote(quote: str) -> None:
    html = f"<html><body><div><p>New</p>{quote}</div></body></html>"
    assert markup.to_text(html)[0] == "New"
    assert "old" in markup.to_text(html)[1]
    written, quoted = markup.split_quote(html)
    assert "New" in written and "old" not in written
    assert "old" in quoted
    assert written.count("<div>") == written.count("</div>")


def test_an_answer_below_a_quote_is_shown() -> None:
    html = "<blockquote type=cite>Red?</blockquote><p>Yes</p>"
    assert markup.to_text(html) == ("> Red?\n\nYes", "")
    assert markup.split_quote(html)[1] == ""


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<blockquote>",
        "<",
        "&",
        "<a href='",
        "<!--",
        "<head>",
        "<td></div>",
        "<b><p>",
        "<p x=",
        "<font color=1><p>",
    ],
)
def test_html_made_for_it_takes_no_time(piece: str) -> None:
    started = time.process_time()
    html = piece * (200_000 // len(piece))
    markup.clean_html(html, {})
    markup.to_text(html)
    assert time.process_time() - started < 30  # of the processor: quadratic would be minutes


def test_outlooks_own_tags_leave_no_trace() -> None:
    html = '<p class=MsoNormal>Hello<o:p></o:p></p><p><o:p>&nbsp;</o:p></p><st1:place w:st="on">Berlin</st1:place>'
    assert markup.to_text(html) == ("Hello\n\nBerlin", "")
    clean = markup.clean_html(html, {})
    assert "o:p" not in clean
    assert "Berlin" in clean


def test_what_is_hidden_from_readers_is_no_text() -> None:
    html = (
        '<div style="display:none;max-height:0">Your parcel is on its way&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;</div>'
        '<p>Hello<span style="mso-hide:all">x</span></p><p>&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;</p>'
        "<p>\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645</p>"
    )
    assert markup.to_text(html)[0] == "Hello\n\n\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"


def test_a_link_that_counts_readers_does_not_drown_the_text() -> None:
    text, _quoted = markup.to_text(
        f'<a href="https://x.test/{"a" * 300}">Order</a> <a href="https://x.test/7">Seven</a>'
    )
    assert text == "Order Seven <https://x.test/7>"


@pytest.mark.parametrize(
    "footer",
    [
        "<p>This message is confidential and intended only for the addressee.</p>",
        "<p></p>-- <br>You received this message because you are subscribed to the Google Groups group.",
        "<hr><div>To unsubscribe send a mail to shop-leave@lists.test</div>",
        "<p>&nbsp;</p><div>Sent from my iPhone</div>",
    ],
)
def test_footers_below_a_quote_do_not_unfold_the_formatted_view(footer: str) -> None:
    written, quoted = markup.split_quote(f'<p>Yes.</p><div class="gmail_quote">Shall we?</div>{footer}')
    assert (written, "Shall we?" in quoted) == ("<p>Yes.</p>", True)


@pytest.mark.parametrize(
    "below", ["<p>No, on Monday.</p>", '<img src="cid:1">', "<p>No.</p><hr><p>Scanned.</p>"]
)
def test_answers_and_pictures_below_a_quote_stay_in_the_formatted_view(below: str) -> None:
    html = f'<p>Hello</p><div class="gmail_quote">Shall we?</div>{below}'
    assert markup.split_quote(html)[1] == ""


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="ydp1yahoo_quoted">Shall we?</div>',
        '<div name="quote" style="border-left:2px solid">Shall we?</div>',
        '<hr id="zwchr"><div><b>From: </b>Desk</div><div>Shall we?</div>',
    ],
)
def test_quotes_of_webmails_are_cut_in_the_formatted_view(quote: str) -> None:
    written, quoted = markup.split_quote(f"<div>Yes.</div>{quote}")
    assert (written, "Shall we?" in quoted) == ("<div>Yes.</div>", True)
