"""The lines of a header block, and where it ends: one bad line among them is no end.

Bad lines are common: a blank before the first header, a mailbox file's separator, a folded line that lost its indent,
words of a broken gateway, no empty line before the text. What follows decides what such a line is.
"""

from __future__ import annotations

import re

MAX_HEADERS = 500
_LOOKED_AHEAD = 5
"""Lines in which a header must follow a bad line that stands among headers."""

_NAME = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_CONTINUES = re.compile(rb"\s*[\w.*-]{1,60}=")
_ID = re.compile(rb"\s*<[^<>\s]{1,400}>")
_KNOWN = frozenset(
    b"from to cc bcc subject date message-id reply-to sender return-path in-reply-to references received mime-version "
    b"content-type content-transfer-encoding content-disposition content-id content-description content-language "
    b"delivered-to envelope-to auto-submitted precedence importance priority user-agent organization thread-topic "
    b"thread-index dkim-signature domainkey-signature authentication-results arc-seal arc-message-signature "
    b"arc-authentication-results received-spf list-id list-unsubscribe list-post list-help errors-to status "
    b"disposition-notification-to comments keywords resent-from resent-to resent-date resent-message-id".split()
)
_OFTEN = frozenset(
    b"received dkim-signature arc-seal arc-message-signature comments keywords delivered-to".split()
)
_OF_PARTS = (b"content-type", b"content-transfer-encoding", b"content-disposition", b"content-id")

Found = list[tuple[str, list[bytes]]]


def lines_of(raw: bytes, *, is_part: bool, most: int) -> tuple[Found, int]:
    """(each header with its lines, the first without its name; where the body begins). Of each, ``most`` bytes."""
    found: Found = []
    position = _start(raw, is_part=is_part)
    size = 0
    while position < len(raw):
        end = _line_end(raw, position)
        line = raw[position : min(end, position + most)].rstrip(b"\r\n").replace(b"\0", b"")
        if not line.strip():
            if not line or not _more_follow(raw, end, found):
                return found, end
        elif line[:1] in b" \t" and found:
            if size < most:
                found[-1][1].append(line)
                size += len(line)
        elif match := _NAME.match(line.lstrip() if not found else line):
            if len(found) < MAX_HEADERS:
                rest = (line.lstrip() if not found else line)[match.end() :]
                found.append((match[1].decode("ascii").lower(), [rest]))
            size = len(line)
        elif _goes_on(found, line):
            found[-1][1].append(b" " + line)
            size += len(line)
        elif not _more_follow(raw, end, found):
            return found, position  # as if an empty line stood here
        elif found and found[-1][0] == "subject":
            found[-1][1].append(b" " + line)
            size += len(line)
        position = end
    return found, position


def _start(raw: bytes, *, is_part: bool) -> int:
    """Behind a mailbox file's separator and empty lines above the first header."""
    position = 0
    if raw.startswith((b"From ", b">From ")) and not _NAME.match(raw):
        position = _line_end(raw, 0)
    start = position
    while start < len(raw) and start - position < 1000:
        end = _line_end(raw, start)
        line = raw[start:end].replace(b"\0", b"").strip()
        if line:
            match = _NAME.match(line)
            name = match[1].lower() if match else b""
            is_header = name in _OF_PARTS if is_part else bool(name)
            return start if is_header or (not is_part and start == position) else position
        start = end
    return position


def _goes_on(found: Found, line: bytes) -> bool:
    """A folded line that lost its indent: a parameter, or one more id."""
    if not found:
        return False
    name, lines = found[-1]
    if name.startswith("content-"):
        return _CONTINUES.match(line) is not None and (lines[-1].rstrip().endswith(b";") or b"=" in line)
    return name in ("references", "in-reply-to", "message-id") and _ID.match(line) is not None


def _more_follow(raw: bytes, position: int, found: Found) -> bool:
    """A header that is known, and not there yet, stands within the next lines, before an empty one."""
    for _line in range(_LOOKED_AHEAD):
        end = _line_end(raw, position)
        line = raw[position : min(end, position + 200)].rstrip(b"\r\n")
        if not line:
            return False
        if (match := _NAME.match(line)) is not None:
            name = match[1].lower()
            is_known = name in _KNOWN or name.startswith((b"x-", b"content-", b"list-", b"arc-"))
            may_repeat = name in _OFTEN or name.startswith(b"x-")
            return is_known and (may_repeat or all(one != name.decode() for one, _lines in found))
        position = end
    return False


_END = re.compile(rb"\n|\r(?!\r?\n)")


def _line_end(raw: bytes, position: int) -> int:
    """One behind the line's end: a line feed, or a return alone."""
    found = _END.search(raw, position)
    return found.end() if found else len(raw)
