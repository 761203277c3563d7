"""Where a mail's own text ends and what it quotes begins.

Language by language from ``mail-parser-reply`` with entries of our own, and two rules of any language: a line that
introduces ``>`` lines, and one with a time and an address that ends with a colon. All patterns see a few short lines at
a time: run over a whole mail they can take minutes on a text made for it.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import accumulate

from mailparser_reply.constants import (  # type: ignore[import-untyped]
    MAIL_LANGUAGES,
    QUOTED_MATCH_INCLUDE,
)

from openlines.connectors.email import footers, quote_labels

MAX_LINES = 5000
_MOST_LOOKS = 100
_LONGEST_LINE = 250

_OWN = {
    "ru": {
        "wrote_header": rf"^({QUOTED_MATCH_INCLUDE}[^\n]{{0,200}}\s?(?:писал|написал|пишет)(?:\(а\)|а|и)?:)$",
        "from": "От|Отправлено|Дата|Кому|Тема|Копия",
        "sent_from": "Отправлено с|Отправлено из",
    },
    "uk": {
        "wrote_header": rf"^({QUOTED_MATCH_INCLUDE}[^\n]{{0,200}}\s?(?:пише|написав|написала)(?:\(ла\))?:)$",
        "from": "Від|Надіслано|Дата|Кому|Тема|Копія",
        "sent_from": "Надіслано з",
    },
    "hu-too": {
        "wrote_header": rf"^({QUOTED_MATCH_INCLUDE}[^\n]{{0,200}}\s?írta(?: \([^\n]{{0,80}}\))?:)$",
        "from": "Feladó|Küldve|Dátum|Címzett|Tárgy|Másolat",
        "sent_from": "Elküldve",
    },
    "fr-too": {
        "wrote_header": rf"^({QUOTED_MATCH_INCLUDE}En date de ?:[^\n]{{0,200}}\s?a écrit ?:)$",
        "from": "De ?|À ?|Pour ?|Envoyé ?|Envoyé le ?|Date ?|Objet ?|Cc ?",
        "sent_from": "Envoyé depuis|Télécharger Outlook pour",
    },
    "pl": {
        "wrote_header": (
            rf"^({QUOTED_MATCH_INCLUDE}[^\n]{{0,200}}\s?(?:pisze|napisał|napisała|napisał\(a\)|napisali|nadesłał):)$"
        ),
        "from": "Od|Wysłano|Data|Do|Temat|DW",
        "sent_from": "Wysłano z|Wysłane z",
    },
}
"""Polish replaces the library's entry, which takes one line such as “Data: …” for the head of a quote."""

_SEPARATOR = re.compile(
    r"[-_]{3,}\s?(?:original message|forwarded message|originalnachricht|ursprüngliche nachricht|message d'origine|"
    r"message original|message transféré|mensaje original|mensagem original|messaggio originale|oprindelig meddelelse|"
    r"oprindelig besked|opprinnelig melding|ursprungligt meddelande|alkuperäinen viesti|oorspronkelijk bericht|"
    r"původní zpráva|pôvodná správa|eredeti üzenet|wiadomość oryginalna|oryginalna wiadomość|wiadomość przekazana|"
    r"исходное сообщение|пересылаемое сообщение|原始邮件|元のメッセージ)\s?[-_]{3,}|_{32,}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten nachricht|początek przekazanej wiadomości|"
    r"début du message transféré)\s?:$",
    re.IGNORECASE,
)
_TITLED = re.compile(r"-{4,}\s?[^\W\d_](?:[^-_\n]|-(?!-)){2,40}\s?-{4,}")
"""As above in a language that is not named; it counts where labels follow."""
_RULE = re.compile(r"[-_=*—]{3,}")
_ADDRESS = re.compile(r"[<(]\s?[^<>()\s]{1,100}@[^<>()\s]{1,100}\s?[>)]")
_VERBS = (
    r"wrote|writes|schrieb|schrieben|a écrit|écrit|escribió|escribio|va escriure|escreveu|ha scritto"
    r"|scrisse|schreef|heeft geschreven|napisał|napisała"
    r"|napisał\(a\)|napisali|pisze|skrev|skrifaði|kirjoitti|napsal|napsala|napsal\(a\)|píše|napísal"
    r"|napísala|napísal\(a\)|írta|a scris|yazdı|написал"
    r"|написала|написал\(а\)|пишет|писал|написав|пише|написа|έγραψε|写道|寫道|作成|작성|כתב|כתבה|كتب|đã viết|viết"
    r"|menulis|เขียนว่า|เขียน|rašė|parašė"
    r"|rakstīja|kirjutas|je napisao|je napisala|je napisao/la|je napisal/a|je napisal|napisao|schrijft"
    r"|skrifar|скрив|escrito|scríobh"
)
_SAID = re.compile(
    r"(?=[^\n]{0,350}(?:\d{1,2}[:.]\d{2}|@|\d{4}))[^\n]{0,350}(?:^|[\s)>\d])"
    rf"(?:{_VERBS})"
    r"(?:\s?\([^()\n]{1,60}\)|/\w{1,3}|\s[^\n:]{0,90}\d[^\n]{0,80})?\s?[:：]$",
    re.IGNORECASE,
)
"""Who wrote when, in the words of many languages; what follows the verb may be the date."""
_ADDRESS_AND_TIME = re.compile(rf"(?=[^\n]{{0,350}}\d{{1,2}}[:.]\d{{2}})[^\n]{{0,350}}{_ADDRESS.pattern}")
_OPENS = re.compile(r"(?:On|Am|Le|El|Il|Op|Den|Em|W dniu|Dnia|Dne|Dana) [^\n]{0,100}\d")
"""How the line begins that says who wrote when; mail programs break it into as many as six."""
_WROTE = re.compile(r"(?:-{2,} )?On [^\n]{0,150}\d{1,2}:\d{2}[^\n]{0,150} wrote(?: -{2,})?")
"""Without a colon (Zoho)."""
_APP = re.compile(r"[^\n<>]{3,60}<https://aka\.ms/[^<>\s]{1,40}>")
"""Outlook's on telephones. What stands below it was there before, though nothing marks it as a quote."""
_DIRECTIONS = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]) | {0xA0: " "}
_MOST_BROKEN = 6
_QUOTED = re.compile(r"\s{0,3}>")
_SIGNATURE = re.compile(r"--[ \t\xa0]?")
_LABEL = re.compile(r"[>* \t]{0,10}\*?([^\W\d_][^\W\d_.]{0,14}(?: [^\W\d_]{1,12})?)\s?:\*?(?:\s|$)")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """(heads of quotes, “sent from my …”), every language at once."""
    languages = {**MAIL_LANGUAGES, **{name: _entry(own) for name, own in _OWN.items()}}
    heads = [
        entry[name]
        for entry in languages.values()
        for name in ("wrote_header", "from_header")
        if entry.get(name)
    ]
    sent_from = [entry["sent_from"] for entry in languages.values() if entry.get("sent_from")]
    flags = re.MULTILINE | re.IGNORECASE
    return re.compile("|".join(heads), flags), re.compile(
        rf"(?:{'|'.join(sent_from)})\b[^\n]{{0,80}}$", flags
    )


def _entry(own: dict[str, str]) -> dict[str, str]:
    labels = rf"(?:(?:^|\n|\n{QUOTED_MATCH_INCLUDE})[* ]*(?:{own['from']}):[ *]*(?:\s{{,2}}).*)"
    return {
        "wrote_header": own["wrote_header"],
        "from_header": rf"({labels}{{2,}}(?:\n.*){{,1}})",
        "sent_from": own["sent_from"],
    }


def has_head(text: str) -> bool:
    """Whether a line or labels stand in it that say whose words follow."""
    lines = [line.translate(_DIRECTIONS).lstrip("> ") for line in text.split("\n")[:MAX_LINES]]
    return _cut([line for line in _healed(lines) if not _SIGNATURE.fullmatch(line)])[1]


def fold(text: str, *, is_new: bool = False) -> tuple[str, str]:
    """(what was written, what is folded: quote, signature). All of it is written where an answer stands in the quote.

    ``is_new``: the mail answers none, so ``>`` without a head above is how its writer indents.
    """
    lines = text.strip("\n").split("\n")
    read = _healed([line.translate(_DIRECTIONS) for line in lines[:MAX_LINES]])
    cut, is_quote = _cut(read)
    while is_quote and cut and (not lines[cut - 1].strip() or _RULE.fullmatch(lines[cut - 1].strip())):
        cut -= 1
    written = "\n".join(lines[:cut]).rstrip()
    if cut >= len(lines) or not written.strip():
        return text.strip(), ""
    if is_new and is_quote and not has_head(text):
        return text.strip(), ""
    if is_quote and _answers_below(read[cut:] + lines[MAX_LINES:]):
        return text.strip(), ""
    return written.strip("\n"), "\n".join(lines[cut:]).strip("\n")


def _cut(lines: list[str]) -> tuple[int, bool]:
    """The line where the folded part begins, and whether it is a quote (else a signature)."""
    looks = 0
    quoted_below = _counted_from_below([int(bool(_QUOTED.match(line))) for line in lines])
    filled_below = _filled_below(lines)
    for index, line in enumerate(lines):
        stripped = line.strip()
        if not stripped:
            continue
        if _QUOTED.match(line) or _SEPARATOR.match(stripped) or _is_titled(lines, index):
            return _introduced(lines, index), True
        if _WROTE.fullmatch(stripped):
            return index, True
        if quote_labels.kind_of(line) in ("from", "sent", "date", "to", "subject") and quote_labels.is_head(
            lines, index
        ):
            return index, True
        if index and _APP.fullmatch(stripped):
            return index, False
        if _SIGNATURE.fullmatch(line.rstrip("\r")) and len(lines) - index <= 15 + quoted_below[index]:
            return index, False
        if len(stripped) > _LONGEST_LINE or looks >= _MOST_LOOKS:
            continue
        if stripped.endswith((":", "：")) or _LABEL.match(stripped):
            looks += 1
            if start := _head(lines, index):
                return start - 1, True
        elif footers.is_sent_from(stripped) and _is_last(lines, filled_below[index]):
            return index, False
    return len(lines), False


def _head(lines: list[str], index: int) -> int:
    """One more than the line where a quote's head begins that ends (or has its labels) here; 0 where it is none."""
    line = lines[index].strip()
    if line.endswith((":", "：")) and (start := _broken_head(lines, index)):
        return start
    if quote_labels.kind_of(line):
        return 0  # known labels that do not make a head
    window = "\n".join(one.strip()[:_LONGEST_LINE] for one in lines[index : index + 5])
    found = _patterns()[0].match(window) if _LABEL.match(line) and window.count(":") > 1 else None
    return _first_label(lines, index) + 1 if found and "\n" in found[0].strip() else 0


def _broken_head(lines: list[str], index: int) -> int:
    """As ``_head``, of “On Monday … wrote:”, which ends here and may have begun some lines above."""
    found = 0
    pieces: list[str] = []
    for start in range(index, max(index - _MOST_BROKEN, -1), -1):
        piece = lines[start].strip()
        pieces.insert(0, piece)
        joined = " ".join(pieces)
        if not piece or len(joined) > _LONGEST_LINE + 100:
            break
        opens = _OPENS.match(joined) is not None
        if len(pieces) <= 2:
            has_both = _ADDRESS_AND_TIME.search(joined) is not None
            is_head = (
                has_both
                or _SAID.match(joined) is not None
                or _patterns()[0].search("\n".join(pieces)) is not None
            )
            if is_head and (
                not found
                or opens
                or (has_both and not (_ADDRESS.search(lines[index]) and re.search(r"\d", lines[index])))
            ):
                found = start + 1
        elif opens and (_ADDRESS.search(joined) or _SAID.match(joined)):
            found = start + 1
    return found


def _first_label(lines: list[str], index: int) -> int:
    """The label above an address that has a line to itself (“From: Human Resources”, “<hr@…>”, “Sent: …”)."""
    is_lone = index >= 2 and _ADDRESS.fullmatch(lines[index - 1].strip())
    return index - 2 if is_lone and _LABEL.match(lines[index - 2].strip()) else index


def _is_titled(lines: list[str], index: int) -> bool:
    if not _TITLED.fullmatch(lines[index].strip()):
        return False
    below = [line.strip() for line in lines[index + 1 : index + 4] if line.strip()]
    return bool(below) and _LABEL.match(below[0]) is not None and ":" in below[0]


def _introduced(lines: list[str], index: int) -> int:
    """The start of the one or two lines that introduce the quote at ``index``: they end with a colon right above it."""
    above = index - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if above < 0 or not lines[above].strip().endswith((":", "：")) or not _QUOTED.match(lines[index]):
        return index
    line = lines[above].strip()
    if above and lines[above - 1].strip() and not re.search(r"\d", line):
        return above - 1 if re.search(r"\d", lines[above - 1]) else above
    return above


def _counted_from_below(marks: list[int]) -> list[int]:
    """How many marks stand at each place and below it."""
    return list(accumulate(reversed(marks)))[::-1]


def _filled_below(lines: list[str]) -> list[int]:
    """For each line the next one below it that is not empty; the number of lines where there is none."""
    found: list[int] = []
    following = len(lines)
    for index in range(len(lines) - 1, -1, -1):
        found.append(following)
        if lines[index].strip():
            following = index
    return found[::-1]


def _is_last(lines: list[str], following: int) -> bool:
    """Nothing but a quote below; ``following`` is the next line that is not empty."""
    if following == len(lines):
        return True
    line = lines[following].strip()
    return _QUOTED.match(line) is not None or line.endswith(":") or bool(_SEPARATOR.match(line))


def _answers_below(quoted: list[str]) -> bool:
    """Something of the writer's own stands below or between ``>`` lines."""
    marked = [index for index, line in enumerate(quoted) if _QUOTED.match(line)]
    if not marked:
        return False
    lines = quoted[marked[0] : marked[-1] + 1]
    end = next((index for index, line in enumerate(lines) if _is_older(lines, index, line)), len(lines))
    for index, line in enumerate(lines[:end]):
        stripped = line.strip()
        if not stripped or _QUOTED.match(line) or _is_wrapped(lines, index) or _introduces(lines, index):
            continue
        if not (_RULE.fullmatch(stripped) or footers.is_sent_from(stripped)):
            return True
    below = quoted[marked[-1] + 1 :]
    if below and below[0].strip() and _is_wrapped([*lines[-1:], *below[:1], ">"], 1):
        below = below[1:]
    older = next((index for index, line in enumerate(below) if _is_older(below, index, line)), len(below))
    return end == len(lines) and footers.says_something(below[:older])


def _is_older(lines: list[str], index: int, line: str) -> bool:
    """The head of what was quoted before, which mail programs leave without ``>``."""
    stripped = line.strip()
    if not stripped or _QUOTED.match(line):
        return False
    return bool(_SEPARATOR.match(stripped)) or (
        quote_labels.kind_of(line) != "" and quote_labels.is_head(lines, index)
    )


def _is_wrapped(lines: list[str], index: int) -> bool:
    """The rest of a long quoted line, which a mail program broke without a mark: no sentence ends before it."""
    if not index or index + 1 >= len(lines):
        return False
    above, line = lines[index - 1], lines[index].strip()
    goes_on = (
        _QUOTED.match(above) is not None
        and len(above) >= 60
        and not above.rstrip().endswith((".", "?", "!", ":"))
    )
    return (
        goes_on
        and len(line) < len(above)
        and (bool(_QUOTED.match(lines[index + 1])) or not lines[index + 1].strip())
    )


def _introduces(lines: list[str], index: int) -> bool:
    """“On Monday … wrote:” above more quoted lines, in up to three lines."""
    for below in range(index, min(index + 3, len(lines) - 1)):
        if lines[below].strip().endswith((":", "：")):
            head = " ".join(line.strip() for line in lines[index : below + 1])
            following = next((line for line in lines[below + 1 : below + 3] if line.strip()), "")
            return bool(_QUOTED.match(following)) and bool(re.search(r"\d", head) or _ADDRESS.search(head))
        if not lines[below].strip() or _QUOTED.match(lines[below]):
            return False
    return False


_CLOSES = re.compile(r"\s{0,3}>\s?(?:[^\W\d_]{1,20}(?:\([^\W\d_]{1,6}\))?\s?){0,4}[:：]")
_OPEN_ADDRESS = re.compile(r"<[^<>@\s]{1,100}@[^<>\s]{1,100}\s?")


def _healed(lines: list[str]) -> list[str]:
    """With heads that were broken right before the ``>`` of an address, which then looks like a quoted line's mark."""
    healed = list(lines)
    for index in range(1, len(lines)):
        if not _CLOSES.fullmatch(lines[index].rstrip()):
            continue
        above = lines[index - 1].rstrip()
        start = above.rfind("<")
        if start >= 0 and len(above) - start < 220 and _OPEN_ADDRESS.fullmatch(above[start:]):
            healed[index - 1], healed[index] = above + lines[index].strip(), ">"
    return healed
