"""The loader, the frame and the direct page: small, careful, in the visitor's language."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Http
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff.models import Employee
from openlines.models import Connection
from openlines.services import health
from openlines.widget import chats
from tests.openlines.factories import make_client, write

pytestmark = pytest.mark.django_db
KB = 1000


def get(chat: Connection, name: str, query: str = "", **headers: str) -> Any:
    return Http().get(reverse(f"widget:{name}", args=[chat.public_id]) + query, headers=headers or None)


def config(html: str) -> dict[str, object]:
    found = re.search(r'<script id="config" type="application/json">(.*?)</script>', html)
    assert found
    read: dict[str, object] = json.loads(found[1])
    return read


def set_options(chat: Connection, **options: object) -> None:
    Connection.objects.filter(pk=chat.pk).update(options=options)
    chats.forget()


def test_the_loader_is_a_few_kilobytes(chat: Connection) -> None:
    answer = get(chat, "loader", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.content) < 5 * KB
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert str(chat.public_id) in gzip.decompress(answer.content).decode()


def test_the_whole_chat_is_small(chat: Connection) -> None:
    page = gzip.compress(get(chat, "frame").content)
    static = Path(settings.BASE_DIR) / "static"
    parts = [*(static / "widget").iterdir(), static / "openlines/live.js", static / "ui/tokens.css"]
    total = len(page) + sum(len(gzip.compress(part.read_bytes())) for part in parts)
    assert total + len(get(chat, "loader", **{"Accept-Encoding": "gzip"}).content) < 30 * KB


def test_nothing_in_the_settings_breaks_out_of_the_loader(chat: Connection) -> None:
    set_options(
        chat, title="</script><b>", colour="red;}</style>", position="up", allowed_domains=["a b", 3, "x;y"]
    )
    script = get(chat, "loader").content.decode()
    assert "</" not in script
    assert '"domains":[]' in script
    assert '"position":"right"' in script
    assert "red;" not in script


def test_a_chat_that_is_off_has_no_button(chat: Connection) -> None:
    Connection.objects.update(is_active=False)
    answer = get(chat, "loader")
    assert answer.status_code == 200
    assert answer.content.startswith(b"/*") and b"function" not in answer.content
    frame = get(chat, "frame")
    assert frame.status_code == 410
    assert "switched off" in frame.content.decode()
    assert "data-composer" not in frame.content.decode()


def test_an_unknown_chat_breaks_no_page(chat: Connection) -> None:
    Connection.objects.all().delete()
    assert get(chat, "loader").content.startswith(b"/*")
    assert get(chat, "frame").status_code == 404


def test_the_frame_speaks_the_pages_language(chat: Connection) -> None:
    assert get(chat, "frame", "?lang=pl-PL").headers["Content-Language"] == "pl"
    assert '<html lang="pl"' in get(chat, "frame", "?lang=pl").content.decode()
    assert '<html lang="en"' in get(chat, "frame", "?lang=xx").content.decode()
    assert '<html lang="pl"' in get(chat, "frame", **{"Accept-Language": "pl"}).content.decode()


def test_any_page_may_show_it_unless_domains_are_named(chat: Connection) -> None:
    free = get(chat, "frame")
    assert "X-Frame-Options" not in free.headers
    assert free.headers["Content-Security-Policy"].endswith("frame-ancestors *")
    set_options(
        chat, allowed_domains=["Shop.example", "*.example.org", "http://localhost:8001", "; script-src *"]
    )
    policy = get(chat, "frame").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' shop.example *.example.org http://localhost:8001")


def test_the_direct_page_is_shown_in_no_frame(chat: Connection) -> None:
    answer = get(chat, "direct")
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert config(answer.content.decode())["embedded"] is False
    assert "data-close" not in answer.content.decode()


def test_nothing_inline_runs_and_nothing_comes_from_elsewhere(chat: Connection) -> None:
    set_options(chat, colour="#ffcc00", title="<Shop> & more")
    answer = get(chat, "frame")
    policy = answer.headers["Content-Security-Policy"]
    html = answer.content.decode()
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce and f'<style nonce="{nonce[1]}">' in html
    assert "--chat-on-colour: #101216" in html  # dark text on yellow
    assert "&lt;Shop&gt; &amp; more" in html
    assert config(html)["title"] == "<Shop> & more"
    assert not re.search(r"\son[a-z]+=|style=", html)


def test_the_title_is_the_lines_name_unless_set(chat: Connection) -> None:
    assert config(get(chat, "frame").content.decode())["title"] == "Shop"
    set_options(chat, title="Ask us")
    assert config(get(chat, "frame").content.decode())["title"] == "Ask us"


def test_l1_a_chat_is_on_no_page_until_one_asks_for_its_button(client: Http, chat: Connection) -> None:
    """The set-up pages say so; our own pages, and requests that name no page, are no sighting."""
    address = reverse("widget:loader", args=[chat.public_id])
    now = timezone.now()

    def unseen() -> bool:
        return health.report([Connection.objects.get(pk=chat.pk)], now=now)[chat.pk].is_unseen

    assert unseen()
    for page in ("", "nonsense", "http://[", f"{settings.PUBLIC_URL}/desk/", "javascript:1"):
        client.get(address, headers={"Referer": page})
    assert unseen()
    client.get(address, headers={"Referer": "https://shop.example:8443/teapots?card=1"})
    assert not unseen()
    chat.refresh_from_db()
    assert chat.seen_on == "shop.example:8443"


def test_l1_a_sighting_is_written_once_an_hour(
    client: Http, chat: Connection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    address = reverse("widget:loader", args=[chat.public_id])
    client.get(address, headers={"Referer": "https://shop.example/"})
    chats.forget()
    with django_assert_num_queries(1):
        client.get(address, headers={"Referer": "https://shop.example/2"})


def test_l1_a_chat_that_somebody_wrote_in_works(chat: Connection, anna: Employee) -> None:
    write(make_client(chat), "Hello", now=timezone.now())
    assert not health.report([chat], now=timezone.now())[chat.pk].is_unseen
