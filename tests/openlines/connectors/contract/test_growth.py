"""No delivery takes more than its size: what is quadratic stops a mailbox or a worker with a few hundred kilobytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from openlines.connectors.base import Connector
from tests.openlines.connectors.contract.cases import Case
from tests.openlines.connectors.contract.test_inbound import account, bodies, request
from tests.openlines.connectors.growth import assert_linear

SIZE = 40_000
ATOMS = [
    "x",
    " ",
    "\u00a0",
    "\n",
    "> a\n",
    "-- \n",
    "<",
    "😀",
    "é\u0301",
    "@a.test ",
    "https://a.test/ ",
    "+48 600 ",
    "*_~`",
    '"',
    "1\n2\n",
]


def read(case: Case, connector: Connector) -> Callable[[bytes], object]:
    """Everything that a delivery goes through before it is stored."""

    def work(body: bytes) -> None:
        came = request(case, body)
        own = account(case, **case.credentials_for(body))
        connector.key(came)
        for name in ("account_keys", "awaits"):
            if asked := getattr(connector, name, None):
                asked(came)
        if answer := getattr(connector, "answer", None):
            answer(came, own)
        connector.parse(came, own)

    return work


@pytest.mark.parametrize("atom", ATOMS)
def test_long_texts(case: Case, connector: Connector, atom: str) -> None:
    def body(size: int) -> bytes:
        return case.texts([("1", f"x{atom * (size // len(atom))}x")])

    assert_linear(read(case, connector), body, size=SIZE)


def test_many_messages(case: Case, connector: Connector) -> None:
    if not case.batches:
        pytest.skip("one message a delivery")
    assert_linear(
        read(case, connector),
        lambda size: case.texts([(str(number), "Hello") for number in range(size // 100)]),
        size=SIZE,
    )


def test_every_list_and_object_of_every_payload(case: Case, connector: Connector) -> None:
    """Grown one at a time: a hundred buttons, files, contacts, entities, entries, or keys that nobody knows."""
    work = read(case, connector)
    for body in bodies(case):
        try:
            told = json.loads(body)
        except ValueError:
            continue
        for grown in _growable(told):
            assert_linear(work, _wire(grown), size=SIZE)


Grown = Callable[[int], Any]


def _wire(grown: Grown) -> Callable[[int], bytes]:
    return lambda size: json.dumps(grown(size // 50)).encode()


def _growable(told: Any) -> Iterator[Grown]:
    """For each list, object and text in ``told``, the whole with this one grown to a number of elements."""
    if isinstance(told, list):
        if told:
            yield lambda count: [told[index % len(told)] for index in range(count)]
        for index, inner in enumerate(told[:3]):
            yield from (_in_list(told, index, grown) for grown in _growable(inner))
    elif isinstance(told, dict):
        yield lambda count: {**told, **{f"key{number}": number for number in range(count)}}
        for name, inner in told.items():
            yield from (_in_object(told, name, grown) for grown in _growable(inner))
    elif isinstance(told, str):
        yield lambda count: (told or "x") * (count * 50 // max(len(told), 1) + 1)


def _in_list(told: list[Any], index: int, grown: Grown) -> Grown:
    return lambda count: [*told[:index], grown(count), *told[index + 1 :]]


def _in_object(told: dict[str, Any], name: str, grown: Grown) -> Grown:
    return lambda count: {**told, name: grown(count)}
