"""What was measured, as a table and as ``var/bench.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Figure:
    """``reference``: measured in the same run where there is something to measure, else None."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """value / reference: of rates more is better, of all else less."""
        return self.value / self.reference if self.reference else None


@dataclass(frozen=True)
class Peer:
    """The best of the known helpdesks on such a machine (design.md); ``more``: whether more is better."""

    value: float
    more: bool = False


PEERS: Final = {
    "ingest.existing.c16": Peer(765, more=True),
    "ingest.new.c16": Peer(392, more=True),
    "screen.p50": Peer(4.8),
    "screen.p99": Peer(34),
    "list.first": Peer(25),
    "list.page1000": Peer(97),
    "memory.idle": Peer(114),
    "widget.gzip": Peer(253),
}

HEAD: Final = f"{'':<22}{'value':>10} {'unit':<12}{'reference':>10}{'ratio':>8}{'peer':>8}"


def row(figure: Figure) -> str:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    peer = PEERS.get(figure.name)
    verdict = ""
    if peer is not None:
        ahead = figure.value > peer.value if peer.more else figure.value < peer.value
        verdict = "ahead" if ahead else "BEHIND"
    columns = (
        f"{figure.name:<22}{_number(figure.value):>10} {figure.unit:<12}"
        f"{_number(figure.reference):>10}{ratio:>8}{_number(peer.value if peer else None):>8}"
    )
    return f"{columns}  {verdict:<7}{figure.note}".rstrip()


def write(path: Path, figures: Iterable[Figure]) -> None:
    keys = ("name", "value", "unit", "reference")
    rows = [{key: asdict(one)[key] for key in keys} | {"ratio": one.ratio} for one in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=2) + "\n")


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"
