"""Whether a plain text says anything: shop systems and newsletter tools leave the plain part empty beside its HTML."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 5000
"""Letters above which a text says something; a text of fillers alone is looked at as far."""
_ENTITIES = re.compile(r"&(?:nbsp|zwnj|zwj|shy|ensp|emsp|thinsp|#160|#xa0|#8203|#8204|#847);", re.IGNORECASE)
_TAGS = re.compile(r"</?(?:html|body|head|p|div|br|span)\s{0,3}/?>", re.IGNORECASE)
_PICTURES = re.compile(
    r"\[(?:cid|image|img|inline image|logo|bild|obraz)\b[^\[\]]{0,200}\]|<cid:[^<>]{0,200}>", re.IGNORECASE
)
_UNSEEN = frozenset("\u2800\u3164\u115f\u1160\uffa0\u180e\ufffc")
_RULES = frozenset("-_=*~.·•|>–—#+")
_SIGNATURE = re.compile(r"(?:^|\n)--[ \t\xa0]?(?:\n|$)")
_SEE_HTML = re.compile(
    r"(?=.{0,400}html)\W{0,10}(?:this (?:e-?mail|message|is an? html)|your (?:e-?mail|mail)|to view|please (?:use|view|enable)"
    r"|diese (?:e-?mail|nachricht)|ihr (?:e-?mail|mail)|ce (?:message|courriel)|votre |ta wiadomość|wiadomość |twój program"
    r"|este (?:mensaje|correo)|questo messaggio|deze (?:e-?mail))",
    re.IGNORECASE | re.DOTALL,
)
_SHORT = 400


def says_nothing(text: str) -> bool:
    """Blanks, letters nobody sees, rules, pictures' places, a signature alone, or “this message is in HTML”."""
    if len(text) > _LONGEST and text[:_LONGEST].strip():
        seen = _seen(text[:_LONGEST])
        return not seen and not _seen(text)
    above, *_below = _SIGNATURE.split(text, maxsplit=1)
    seen = _seen(above)
    return not seen or (len(text) < _SHORT and _SEE_HTML.match(text.strip()) is not None)


def _seen(text: str) -> bool:
    text = _PICTURES.sub(" ", _TAGS.sub(" ", _ENTITIES.sub(" ", text)))
    return any(letter not in _RULES and not _is_unseen(letter) for letter in text)


def _is_unseen(letter: str) -> bool:
    if letter.isspace() or letter in _UNSEEN:
        return True
    return letter > "\x7f" and unicodedata.category(letter) in ("Cf", "Cc", "Mn")
