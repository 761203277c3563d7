from __future__ import annotations

import pytest

from openlines.connectors import registry
from openlines.connectors.base import Connector
from tests.openlines.connectors.contract.cases import CASES, Case


@pytest.fixture(params=registry.kinds())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def case(kind: str) -> Case:
    return CASES[kind]()


@pytest.fixture
def connector(kind: str) -> Connector:
    return registry.get(kind)
