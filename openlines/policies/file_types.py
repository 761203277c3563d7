"""What a picture is by its first bytes: telephones and mail programs declare one kind and send another. Pure."""

from __future__ import annotations

HEAD = 64
"""First bytes of a file that are enough to know it."""

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_HEIF = (b"mif1", b"mif2", b"msf1", b"heif")


def picture_type(declared: str, head: bytes) -> str:
    """``declared``, or what the bytes say where it is a picture's type and they belong to another one."""
    if declared.partition("/")[0].strip().lower() != "image":
        return declared
    found = _known(head)
    if not found or declared.partition(";")[0].strip().lower() == found:
        return declared
    if found == "image/jpeg" and "jp" in declared:  # image/jpg, image/pjpeg
        return declared
    return found


def _known(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(len(head), HEAD), 4))]
        if b"avif" in brands or b"avis" in brands:
            return "image/avif"
        if any(brand in _HEIC for brand in brands):
            return "image/heic"
        return "image/heif" if any(brand in _HEIF for brand in brands) else ""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _STARTS if head.startswith(start)), "")
