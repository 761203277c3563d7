from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from contactcenter.demo import cast, world

pytestmark = [pytest.mark.django_db, pytest.mark.urls("contactcenter.demo.urls")]


@pytest.mark.parametrize(("name", "line"), [("shop", "shop"), ("service", "service")])
def test_each_page_carries_its_lines_chat(client: Client, name: str, line: str) -> None:
    world.build(now=timezone.now())
    body = client.get(f"/demo/{name}/").content.decode()
    loader = f"/chat/{cast.line(line).chat}/loader.js"
    assert f'<script src="{loader}" async></script>' in body
    assert client.get(loader).status_code == 200


def test_the_shop_speaks_the_language_that_is_asked_for(client: Client) -> None:
    assert '<html lang="pl">' in client.get("/demo/shop/?lang=pl").content.decode()
    assert '<html lang="en">' in client.get("/demo/shop/?lang=xx").content.decode()


def test_without_the_demos_data_there_is_no_chat(client: Client) -> None:
    response = client.get("/demo/shop/")
    assert response.status_code == 200
    assert "loader.js" not in response.content.decode()


@pytest.mark.urls("contactcenter.urls")
def test_the_product_itself_has_no_shop(client: Client) -> None:
    assert client.get("/demo/shop/").status_code == 404
