"""Strangers' HTML: as plain text, cut at its quote, and clean to be shown.

``_canonical`` rewrites it first into few, well-nested tags: a real parser takes quadratic time on tags that are never
closed, and what is rewritten holds no tricks of comments or quotes. ``nh3`` then allows what is harmless.
"""

from __future__ import annotations

import html as entities
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import nh3

from openlines.connectors.email import footers, quotes

MAX_HTML = 500_000
"""Letters of a mail's HTML that are kept and shown."""
MAX_DEPTH = 80
MAX_TAGS = 40_000
LONGEST_LINK = 200
"""Letters of an address that are shown beside its words; what is longer counts readers, and is in the formatted view."""

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr", "base", "embed"}
_WITH_CONTENT = {
    "applet", "audio", "canvas", "head", "iframe", "math", "noembed", "noframes", "noscript", "object",
    "script", "select", "style", "svg", "template", "textarea", "title", "video", "xmp",
}  # fmt: skip
"""Gone with everything in them."""
_CELLS = {"td", "th"}
_CLOSED_BY = {
    "p": {"p"},
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "tr": {"td", "th", "tr"},
    "td": _CELLS,
    "th": _CELLS,
}
"""An opening tag → what is closed by it where it is the innermost."""
_BARRIERS = {"td", "th", "table", "blockquote"}
"""What a stray closing tag does not reach out of."""
_BLOCKS = {
    "address", "article", "blockquote", "center", "div", "dl", "dt", "dd", "fieldset", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"}

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20}(?:[:._-][a-zA-Z0-9:._-]{0,40})?)(?=[\s/>])")
"""Also Outlook's <o:p> and other strangers, which are left out as tags and kept in what they hold."""
_TAG_PIECE = re.compile(r">|=\s{0,20}[\"']")
_ATTRIBUTE = re.compile(
    r"([a-zA-Z][a-zA-Z-]{0,30})(?:\s{0,20}=\s{0,20}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?"
)
_QUOTE_CLASSES = {
    "gmail_quote",
    "gmail_quote_container",
    "yahoo_quoted",
    "moz-cite-prefix",
    "protonmail_quote",
}
_QUOTE_IDS = {
    "appendonsend",
    "divrplyfwdmsg",
    "mail-editor-reference-message-container",
    "olk_src_body_section",
    "zwchr",
}
_QUOTED_TO_THE_END = {"appendonsend", "divrplyfwdmsg", "zwchr"}


@dataclass
class _Tag:
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    is_closing: bool = False


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
"""``str.lower`` makes two letters of the Turkish İ: positions would no longer be those of the source."""


def _resolved(text: str) -> str:
    """Entities as their letters. Python refuses to read a number of thousands of digits; then they stay as they are."""
    try:
        return entities.unescape(text)
    except ValueError:
        return text


def _tokens(source: str) -> Iterator[_Tag | str]:
    """Tags and texts (entities resolved). Comments, declarations and ``_WITH_CONTENT`` are left out."""
    lower = source.translate(_LOWER)
    position = 0
    quotes_gone: set[str] = set()
    never_closed: set[str] = set()
    tags = 0
    while position < len(source):
        start = source.find("<", position)
        if start < 0 or tags > MAX_TAGS:
            yield _resolved(
                source[position:] if start < 0 else re.sub(r"<[^<>]{0,500}>", " ", source[position:])
            )
            return
        if start > position:
            yield _resolved(source[position:start])
        position = start
        if source.startswith("<!--", start):
            end = source.find("-->", start + 2)
            position = len(source) if end < 0 else end + 3
        elif source.startswith(("<!", "<?"), start):
            end = source.find(">", start)
            position = len(source) if end < 0 else end + 1
        elif match := _TAG.match(source, start):
            end = _tag_end(source, match.end(), quotes_gone)
            if end < 0:
                return
            position = end + 1
            tags += 1
            name = match[2].lower()
            if name in _WITH_CONTENT:
                if not match[1] and source[end - 1] != "/":
                    closing = -1 if name in never_closed else lower.find(f"</{name}", position)
                    if closing >= 0:
                        gone = lower.find(">", closing)
                        position = len(source) if gone < 0 else gone + 1
                        continue
                    never_closed.add(name)
                    if name not in ("head", "object", "select", "audio", "video"):
                        return
                continue
            attributes = {} if match[1] else _attributes(source[match.end() : end])
            yield _Tag(name, attributes, bool(match[1]))
        else:
            yield "<"
            position += 1


def _tag_end(source: str, position: int, quotes_gone: set[str]) -> int:
    while match := _TAG_PIECE.search(source, position):
        if match[0] == ">":
            return match.start()
        quote = match[0][-1]
        closing = -1 if quote in quotes_gone else source.find(quote, match.end())
        if closing < 0:
            quotes_gone.add(quote)
            position = match.end()
        else:
            position = closing + 1
    return -1


def _attributes(inside: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(inside):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        found.setdefault(match[1].lower(), _resolved(value))
    return found


@dataclass
class _Piece:
    """A well-nested step: ``depth_quoted`` > 0 inside a quote; ``tag`` None for a text."""

    text: str = ""
    tag: _Tag | None = None
    is_quoted: bool = False


def _pieces(source: str) -> Iterator[_Piece]:
    """Well nested, at most ``MAX_DEPTH`` deep, with what is quoted marked."""
    stack: list[tuple[str, bool]] = []
    excess: dict[str, int] = {}
    to_the_end = False
    for token in _tokens(source[:MAX_HTML]):
        quoted = to_the_end or (stack[-1][1] if stack else False)
        if isinstance(token, str):
            yield _Piece(text=token, is_quoted=quoted)
        elif token.is_closing:
            if excess.get(token.name):
                excess[token.name] -= 1
            else:
                for name, was_quoted in _closed(stack, token.name):
                    yield _Piece(tag=_Tag(name, is_closing=True), is_quoted=to_the_end or was_quoted)
        else:
            while stack and stack[-1][0] in _CLOSED_BY.get(token.name, ()):
                name, was_quoted = stack.pop()
                yield _Piece(tag=_Tag(name, is_closing=True), is_quoted=to_the_end or was_quoted)
            quoted = to_the_end or (stack[-1][1] if stack else False)
            if _starts_quote(token):
                quoted = True
                to_the_end = to_the_end or _quotes_the_rest(token)
            if token.name in _VOID:
                yield _Piece(tag=token, is_quoted=quoted)
            elif len(stack) >= MAX_DEPTH:
                excess[token.name] = excess.get(token.name, 0) + 1
            else:
                stack.append((token.name, quoted))
                yield _Piece(tag=token, is_quoted=quoted)
    while stack:
        name, was_quoted = stack.pop()
        yield _Piece(tag=_Tag(name, is_closing=True), is_quoted=to_the_end or was_quoted)


def _closed(stack: list[tuple[str, bool]], name: str) -> list[tuple[str, bool]]:
    """What the closing tag ends, innermost first; nothing where it has no partner within reach."""
    for index in range(len(stack) - 1, -1, -1):
        if stack[index][0] == name:
            ended = stack[index:][::-1]
            del stack[index:]
            return ended
        if (
            stack[index][0] in _BARRIERS
            and name not in _BARRIERS
            and name not in ("tr", "tbody", "thead", "body")
        ):
            return []
    return []


_OUTLOOK_RULE = re.compile(r"border-top:\s{0,3}solid\s{1,3}#(?:e1e1e1|b5c4df)", re.IGNORECASE)
"""The line above From, Sent, To: Outlook's only mark of what it quotes."""


_INDENTED = re.compile(
    r"margin(?:-left)?:\s{0,3}(?:0(?:px)?\s){0,3}40px(?!.{0,300}border-left)|border(?:-left)?:\s{0,3}(?:none|0)",
    re.IGNORECASE,
)
"""Gmail's button “indent more” writes its class for quotes, too, without the line at the left."""


def _starts_quote(tag: _Tag) -> bool:
    attributes = tag.attributes
    if tag.name == "blockquote" and _INDENTED.search(attributes.get("style", "")[:500]):
        return False
    if tag.name == "blockquote" and attributes.get("type", "").lower() == "cite":
        return True
    if tag.name == "div" and _OUTLOOK_RULE.search(attributes.get("style", "")[:500]):
        return True
    if tag.name == "div" and attributes.get("name", "").lower() == "quote":  # GMX, WEB.DE
        return True
    names = set(attributes.get("class", "").lower().split())
    if names & _QUOTE_CLASSES or any(name.endswith("yahoo_quoted") for name in names):
        return True
    return attributes.get("id", "").lower() in _QUOTE_IDS


def _names_its_quotes(source: str) -> bool:
    """Some quote carries more than ``type=cite``, which Apple Mail and Thunderbird write for an indent, too."""
    return any(
        piece.tag is not None
        and not piece.tag.is_closing
        and _starts_quote(piece.tag)
        and (piece.tag.name != "blockquote" or {"cite", "class"} & piece.tag.attributes.keys())
        for piece in _pieces(source)
    )


def _quotes_the_rest(tag: _Tag) -> bool:
    """Outlook writes what it quotes behind the mark, not into it."""
    by_rule = _OUTLOOK_RULE.search(tag.attributes.get("style", "")[:500]) is not None
    return by_rule or tag.attributes.get("id", "").lower() in _QUOTED_TO_THE_END


# -- as text ----------------------------------------------------------------------------------------------------


def to_text(source: str, *, is_new: bool = False) -> tuple[str, str]:
    """(what was written, what was quoted). Where something stands below a quote all of it counts as written.

    ``is_new``: the mail answers none, so a quote without a head is how its writer indents.
    """
    lines: list[tuple[str, bool]] = []
    for line, quoted in _lines(source):
        blank_before = not lines or not lines[-1][0]
        if line or not blank_before:
            lines.append((line, quoted))
    first = next((index for index, (line, quoted) in enumerate(lines) if quoted and line), len(lines))
    quotes_end = next(
        (index for index in range(len(lines), first, -1) if lines[index - 1][1] and lines[index - 1][0]),
        first,
    )
    below = any(line and not quoted for line, quoted in lines[first:quotes_end]) or footers.says_something(
        [line for line, _quoted in lines[quotes_end:]]
    )
    above = "\n".join(line for line, _quoted in lines[:first]).strip()
    whole = "\n".join(line for line, _quoted in lines).strip()
    if is_new and first < len(lines) and not _names_its_quotes(source) and not quotes.has_head(whole):
        return whole, ""
    if not above or below:
        return "\n".join(f"> {line}" if quoted and line else line for line, quoted in lines).strip(), ""
    return above, "\n".join(line for line, _quoted in lines[first:]).strip()


def _lines(source: str) -> Iterator[tuple[str, bool]]:
    line: list[str] = []
    is_quoted = False
    preformatted = hidden = 0
    links: list[tuple[str, int]] = []

    def ended() -> tuple[str, bool]:
        text = "".join(line).strip(" \t\n\xa0") if not preformatted else "".join(line).rstrip()
        line.clear()
        return _without_fillers(_UNSEEN.sub("", text)).replace("\xa0", " ").rstrip(), is_quoted

    for piece in _pieces(source):
        if piece.is_quoted != is_quoted:
            if any(part.strip() for part in line):
                yield ended()
            line.clear()
            is_quoted = piece.is_quoted
        tag = piece.tag
        if hidden or (tag is not None and _is_hidden(tag)):
            if tag is not None and tag.name not in _VOID:
                hidden += -1 if tag.is_closing else 1
            continue
        if tag is None:
            if preformatted:
                *whole, rest = piece.text.split("\n")
                for one in whole:
                    line.append(one)
                    yield ended()
                line.append(rest)
            else:
                text = re.sub(r"[ \t\r\n\f]+", " ", piece.text)
                line.append(text.lstrip() if not line or line[-1].endswith(" ") else text)
            continue
        if tag.name == "pre":
            preformatted = max(preformatted + (-1 if tag.is_closing else 1), 0)
        if tag.name == "a":
            _link(tag, line, links)
        if tag.name == "br":
            yield ended()
        elif tag.name in _BLOCKS:
            if "".join(line).strip():
                yield ended()
            line.clear()
            if tag.name in _PARAGRAPHS:
                yield "", is_quoted
            if tag.name == "li" and not tag.is_closing:
                line.append("• ")
        elif tag.name in _CELLS and tag.is_closing and line:
            line.append(" ")
    yield ended()


_HIDDEN = re.compile(r"display:\s{0,3}none|visibility:\s{0,3}hidden|mso-hide:\s{0,3}all", re.IGNORECASE)
_UNSEEN = re.compile("[\u00ad\u034f\u200b\u2060\ufeff]+")
_FILLERS = re.compile("[\xa0 \u200c\u200d\u2007]{3,}")
_FILLER = str.maketrans("", "", "\xa0 ")
"""What newsletters fill the preview of a list of mails with; joiners between letters are letters of some languages."""


def _without_fillers(text: str) -> str:
    """Blanks alone stay. The run is found first and judged afterwards: a nested repetition takes quadratic time."""
    return _FILLERS.sub(lambda run: "" if len(run[0].translate(_FILLER)) >= 3 else run[0], text)


def _is_hidden(tag: _Tag) -> bool:
    """Written to be seen in a list of mails, or by machines; a reader of the mail sees nothing of it."""
    return not tag.is_closing and _HIDDEN.search(tag.attributes.get("style", "")[:1000]) is not None


def _link(tag: _Tag, line: list[str], links: list[tuple[str, int]]) -> None:
    """Shows where a link leads, unless its text is the address."""
    if not tag.is_closing:
        links.append((tag.attributes.get("href", "").strip(), len(line)))
    elif links:
        address, start = links.pop()
        shown = "".join(line[start:]).strip()
        if address.lower().startswith(("http://", "https://")) and shown and len(address) <= LONGEST_LINK:
            if shown.rstrip("/") not in address:
                line.append(f" <{address}>")
        elif address.lower().startswith(("http://", "https://")) and not shown and start < len(line):
            line.append(address)


# -- to be shown ------------------------------------------------------------------------------------------------

_SHOWN_TAGS = {
    "a", "abbr", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col",
    "colgroup", "dd", "del", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
}  # fmt: skip
_SHOWN_ATTRIBUTES = {
    "*": {"align", "dir", "lang", "style", "title", "valign"},
    "a": {"href"},
    "col": {"span", "width"},
    "font": {"color", "face", "size"},
    "img": {"alt", "height", "src", "width"},
    "ol": {"start", "type"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "width"},
    "td": {"bgcolor", "colspan", "height", "rowspan", "width"},
    "th": {"bgcolor", "colspan", "height", "rowspan", "width"},
    "tr": {"bgcolor"},
}
_STYLES = {
    "background", "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
    "border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width", "clear", "color",
    "direction", "display", "float", "font", "font-family", "font-size", "font-style", "font-weight",
    "letter-spacing", "line-height", "list-style-type", "margin", "margin-bottom", "margin-left", "margin-right",
    "margin-top", "max-height", "max-width", "min-width", "overflow", "padding", "padding-bottom", "padding-left",
    "padding-right", "padding-top", "table-layout", "text-align", "text-decoration", "text-indent", "text-transform",
    "vertical-align", "visibility", "white-space", "width", "word-break",
}  # fmt: skip
"""What lays a mail out. No heights (a frame as high as its content would grow with them) and no positions."""
_LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_PICTURE_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_STAND_INS = {"&nbsp;": "\ufdd0", "&amp;": "\ufdd1"}
"""For what ``nh3`` writes in quadratic time: code points that stand for no letters."""
_REMOTE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)


def clean_html(html: str, cids: Mapping[str, str], *, remote_images: bool = False) -> str:
    """HTML that may stand in our pages: no scripts, forms, ids or classes, and nothing loaded from elsewhere.

    ``cids``: content id of an inline image → the address where we hold it. ``remote_images`` loads the others too (each
    load tells the sender that, when and where his mail is read): only where a person asks for it.
    """
    known = {name.strip("<> ").lower(): address for name, address in cids.items()}

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if tag == "a" and attribute == "href":
            return value if _LINK.match(value.strip()) else None
        if tag == "img" and attribute == "src":
            if value.lower().startswith("cid:"):
                return known.get(value[4:].strip("<> ").lower())
            if _PICTURE_DATA.fullmatch(value):
                return value
            return value if remote_images and _REMOTE.match(value) else None
        if attribute == "style" and ("\\" in value or "url" in value.lower()):
            return None
        return value

    clean = nh3.clean(
        _with_stand_ins(_canonical(html)),
        tags=_SHOWN_TAGS,
        attributes=_SHOWN_ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        filter_style_properties=_STYLES,
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    for letter, stand_in in _STAND_INS.items():
        clean = clean.replace(stand_in, letter)
    return clean


def _with_stand_ins(canonical: str) -> str:
    for letter, stand_in in _STAND_INS.items():
        canonical = canonical.replace(stand_in, "").replace(letter, stand_in)
    return canonical.replace("\xa0", _STAND_INS["&nbsp;"])


def has_remote_images(html: str) -> bool:
    return any(
        piece.tag is not None
        and piece.tag.name == "img"
        and _REMOTE.match(piece.tag.attributes.get("src", ""))
        for piece in _pieces(html)
    )


def split_quote(html: str) -> tuple[str, str]:
    """(what was written, what was quoted), each well nested; all of it is the first where something stands below."""
    pieces = list(_pieces(html))
    first = next((index for index, piece in enumerate(pieces) if piece.is_quoted), len(pieces))
    written = any(_is_seen(piece) for piece in pieces[:first])
    if not written or _answers_below(pieces[first:]):
        return _written(pieces), ""
    return _canonical(_written(pieces[:first])), _canonical(_written(pieces[first:]))


def _answers_below(pieces: list[_Piece]) -> bool:
    """Something of the writer's own stands between or below what is quoted; footers are nobody's answer."""
    end = next((index for index in range(len(pieces), 0, -1) if pieces[index - 1].is_quoted), 0)
    if any(_is_seen(piece) and not piece.is_quoted for piece in pieces[:end]):
        return True
    below = pieces[end:]
    if not any(_is_seen(piece) for piece in below):
        return False
    lines = to_text(_written(below))[0].split("\n")
    return footers.says_something(lines) or not any(line.strip() for line in lines)


def _is_seen(piece: _Piece) -> bool:
    return bool(piece.text.strip(" \t\r\n\xa0")) or (piece.tag is not None and piece.tag.name == "img")


def _canonical(source: str) -> str:
    return _written(_pieces(source))


def _written(pieces: Iterator[_Piece] | list[_Piece]) -> str:
    shown = []
    for piece in pieces:
        tag = piece.tag
        if tag is None:
            shown.append(entities.escape(piece.text, quote=False))
        elif tag.name in _SHOWN_TAGS:
            attributes = "".join(
                f' {name}="{entities.escape(value)}"' for name, value in tag.attributes.items()
            )
            shown.append(f"<{'/' if tag.is_closing else ''}{tag.name}{attributes}>")
    return "".join(shown)
