"""What stands below a quote and is nobody's answer: lists' and scanners' footers, disclaimers, telephones' signatures."""

from __future__ import annotations

import re

_SENT_FROM = re.compile(
    r"(?:sent|gesendet|envoyé|envoyée|enviado|enviada|inviato|verzonden|wysłane|wysłano|skickat|sendt"
    r"|lähetetty|odesláno|odoslané|elküldve"
    r"|trimis|gönderildi|отправлено|надіслано|надіслане|poslano|poslato|verstuurd|von meinem"
    r"|diese nachricht wurde|fra min|från min"
    r"|sent securely|get|télécharger|holen sie sich|pobierz|obtener|obtenga|scarica|download|ottieni|obter"
    r"|hämta|hent|hanki)\s"
    r"(?P<rest>[^\n]{2,120})",
    re.IGNORECASE,
)
_VERB_LAST = re.compile(
    r"[^\s,.]{2,25}(?:\s[^\s,.]{1,20}){0,3}\s(?:gönderildi|gesendet)\.?|.{2,30}から送信|[发發]自我的.{2,30}|.{2,30}에서 보냄"
)
_LINK = re.compile(r"\s?[<(\[]\s?(?:https?://|www\.)[^\s<>()\[\]]{1,200}\s?[>)\]]|https?://\S{1,200}")
_GOES_ON = re.compile(
    r"(?:from|with|via|using|by|von|mit|vom|aus|über|depuis|de|avec|à partir de|mon|desde|con|via|da|dal|do"
    r"|dalla|met|van|vanaf|z|za pomocą|przy użyciu"
    r"|ze|med|via|fra|från|laitteesta|iphonesta|z mého|zo|ze svého|innen|iphone-omról|din|с|из|от|з|із|iz|s"
    r"|outlook|my|mijn)\b",
    re.IGNORECASE,
)
_PRODUCTS = re.compile(
    r"iphone|ipad|android|samsung|galaxy|huawei|xiaomi|pixel|nokia|blackberry|outlook|gmail|yahoo|proton"
    r"|mail\b|mobile|phone|handy|telefon"
    r"|smartphone|tablet|typeapp|bluemail|blue mail|spark|airmail|thunderbird|superhuman|hey\b|windows"
    r"|\bios\b|móvil|mobil|téléphone|телефон|app\b|телефона",
    re.IGNORECASE,
)
_CARRIER = re.compile(
    r"(?:from|via) (?:my|the|a) [^,.;?!]{2,40},\s(?:an?\s)?[^,.;?!]{2,40}\s(?:smartphone|phone|device|tablet|handset)",
    re.IGNORECASE,
)
"""“Sent via the Samsung Galaxy S23, an AT&T 5G smartphone”."""
_FOOTER = re.compile(
    r"confidential|privileged|vertraulich|confidentiel|confidencial|riservat|poufn|vertrouwelijk|důvěrn"
    r"|dôvern|fortrolig|konfidentiell|luottamuksell"
    r"|конфиденциальн|конфіденційн|bizalmas|gizli|intended (?:solely|only|recipient|for)|unsubscribe"
    r"|abmelden|abbestellen|désinscri|désabonn|wypis"
    r"|rezygn|cancelar (?:la )?suscripción|mailing[ -]?list|listinfo|lists\.|listserv|\bvirus|avast|\bavg\b"
    r"|scanned|gescannt|geprüft|zeskanowan|sprawdzon"
    r"|disclaimer|registered (?:office|in |number)|amtsgericht|handelsregister|geschäftsführer|krs\b"
    r"|\bnip\b|consider the environment|before (?:you )?print"
    r"|external (?:sender|e-?mail)|you (?:are receiv|receiv|have receiv)|groups\.google"
    r"|view this discussion|this (?:e-?mail|message) (?:was sent|has been|is |and)"
    r"|diese (?:e-?mail|nachricht) |ta wiadomość |ce (?:message|courriel) |este (?:mensaje|correo) "
    r"|questo messaggio |rodo\b|gdpr|dsgvo",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=*—–~]{3,}")
_DELIMITER = re.compile(r"--[ \t\xa0]?")
_MOST_BELOW_RULE = 15


def is_sent_from(line: str) -> bool:
    """“Sent from my iPhone”, not “Sent from my desk, is much easier than from my phone.”"""
    line = line.strip()[:250]
    if len(line) < 60 and _VERB_LAST.fullmatch(line):
        return True
    match = _SENT_FROM.fullmatch(line)
    if match is None:
        return False
    has_link = _LINK.search(match["rest"]) is not None
    rest = _LINK.sub("", match["rest"]).strip()
    words = rest.split()
    if _CARRIER.fullmatch(rest):
        return True
    if len(words) > 8 or re.search(r"[,;?!]|\.\s", rest):
        return False
    is_product = _PRODUCTS.search(rest) is not None
    return (
        has_link
        or (is_product and (_GOES_ON.match(rest) is not None or len(words) <= 4))
        or (
            len(words) <= 4
            and re.match(
                r"(?:from|via|von|depuis|desde|z|ze|od|vanaf|fra|från|с|из|з)\s", rest, re.IGNORECASE
            )
            is not None
            and not rest.endswith(".")
        )
    )


def is_footer(paragraph: list[str]) -> bool:
    text = " ".join(line.strip() for line in paragraph)[:1500]
    return (
        is_sent_from(text)
        or _FOOTER.search(text) is not None
        or (bool(_LINK.search(text)) and len(_LINK.sub("", text)) < 40)
    )


def says_something(below: list[str]) -> bool:
    """Whether anything but footers stands there. Below a rule or a signature's delimiter a few lines are one."""
    paragraph: list[str] = []
    for index, line in enumerate([*below, ""]):
        stripped = line.strip()
        if stripped and not _RULE.fullmatch(stripped) and not _DELIMITER.fullmatch(line.rstrip()):
            paragraph.append(line)
            continue
        if paragraph and not is_footer(paragraph):
            return True
        paragraph = []
        if stripped and len([one for one in below[index:] if one.strip()]) <= _MOST_BELOW_RULE:
            return False
    return False
