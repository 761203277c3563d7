"""Pictures that customers send. Drawn here: the repository holds no photographs."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw


@cache
def parcel() -> bytes:
    """A torn parcel on a table, as PNG."""
    picture = Image.new("RGB", (960, 720), "#d9cbb8")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 470, 960, 720), fill="#8a6a4a")
    draw.polygon([(220, 250), (700, 210), (760, 560), (270, 610)], fill="#c49a62")
    draw.polygon([(220, 250), (700, 210), (650, 130), (290, 165)], fill="#d8b27c")
    draw.polygon([(440, 150), (500, 145), (560, 585), (490, 592)], fill="#e6d3a8")
    draw.polygon([(560, 330), (640, 300), (660, 420), (600, 470), (540, 410)], fill="#5a3a20")
    for number in range(42):
        x, y = 560 + (number * 37) % 250, 470 + (number * 53) % 200
        draw.ellipse((x, y, x + 26, y + 17), fill="#3d2412", outline="#5f3c22")
    kept = BytesIO()
    picture.save(kept, "PNG", optimize=True)
    return kept.getvalue()
