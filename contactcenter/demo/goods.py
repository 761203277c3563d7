"""What the shop sells. Prices in złoty; ``drawing`` names a symbol of ``demo/_drawings.html``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Good:
    name: str
    words: StrOrPromise
    price: int
    drawing: str
    colour: str
    badge: StrOrPromise = ""


GOODS = (
    Good(
        "Etiopia Guji", _("Blueberry, jasmine, lemon · filter"), 62, "bag", "#b4532a", _("Roasted on Monday")
    ),
    Good("Brasil Fazenda Rainha", _("Cocoa, hazelnut, brown sugar · espresso"), 48, "bag", "#5b3a29"),
    Good("Colombia Decaf", _("Caramel, apple · without caffeine"), 58, "bag", "#2f6f62"),
    Good(
        "Mahlo 40", _("Hand grinder, 31 steps, steel burrs"), 899, "grinder", "#3d4a57", _("Ours, and loved")
    ),
    Good("Moka Bar 2", _("Espresso machine for the kitchen"), 2490, "machine", "#7a2e2e"),
    Good("Lune 0.9 l", _("Gooseneck kettle, to the degree"), 379, "kettle", "#38506b"),
)
