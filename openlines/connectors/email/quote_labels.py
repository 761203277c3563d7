"""The head of a quote that is written as labels (“From: … Sent: … To: … Subject: …”), in the words of mail programs."""

from __future__ import annotations

import re

_KINDS = {
    "from": "from|von|de|od|da|van|från|fra|från|от|від|feladó|de la|kimden|gönderen|lähettäjä|saatja|από|发件人|發件人"
    "|寄件者|寄件人|差出人"
    "|보낸 사람|보낸사람|מאת|من|отправитель|expéditeur|remitente|mittente|afzender|afsender|avsändare|avsender"
    "|absender|nadawca|odesílatel"
    "|odosielateľ|pošiljatelj|šalje|nuo|no|person|từ|dari|จาก|ავტორი|frá|từ",
    "sent": "sent|gesendet|envoyé|envoyé le|envoyée|envoi|message du|message de|enviado|enviado el|enviado em"
    "|enviada em|enviada|enviat"
    "|inviato|inviata|verzonden|wysłano|wysłane|wysłany|data wysłania|skickat|sendt|lähetetty|odesláno"
    "|odoslané|odesláno dne|elküldve|küldve"
    "|trimis|gönderildi|gönderme tarihi|gönderim tarihi|отправлено|надіслано|εστάλη|στάλθηκε|απεσταλμένα"
    "|发送时间|发送日期|發送時間|寄件日期"
    "|傳送時間|送信日時|보낸 날짜|보낸 시간|נשלח|تاريخ الإرسال|تم الإرسال|poslano|poslato|saadetud|išsiųsta|nosūtīts"
    "|изпратено|sendt dato|gửi",
    "date": "date|datum|data|fecha|дата|päiväys|päivämäärä|dátum|tarih|dato|日期|日付|날짜|תאריך|التاريخ|ημερομηνία"
    "|kuupäev|datums|ngày"
    "|date/time|data i godzina",
    "to": "to|an|à|a|para|do|aan|till|til|komu|címzett|către|catre|кому|kime|alıcı|kişi|vastaanottaja|προς|收件人"
    "|收件者|宛先|받는 사람|받는사람"
    "|אל|إلى|pour|prima|kam|saaja|dla|za|per|destinataire|destinatario|destinatário|odbiorca|empfänger"
    "|mottagare|modtager|до|đến|kepada|til",
    "cc": "cc|kopie|copie|copie à|dw|kopi|kopia|kópia|в копии|копия|копія|másolat|másolatot kap|抄送|副本|copia"
    "|kopija|bcc|udw|con copia|cópia|참조"
    "|c\\.c\\.|in kopie|cc à",
    "subject": "subject|betreff|objet|sujet|asunto|assunto|assumpte|oggetto|temat|onderwerp|ämne|emne|předmět|predmet"
    "|tárgy|subiect|konu|тема"
    "|aihe|θέμα|主题|主題|主旨|件名|제목|נושא|الموضوع|teema|tema|zadeva|efni|chủ đề|perihal|กรณี|относно",
    "reply": "reply-to|reply to|antwort an|répondre à|responder a|odpowiedz do|antwoord aan|importance|priority"
    "|wichtigkeit|attachments"
    "|priorité|ważność|anlagen|pièces jointes|załączniki",
}
_KIND_OF = {label: kind for kind, labels in _KINDS.items() for label in labels.replace("\\", "").split("|")}
_LABELLED = re.compile(
    r"[>*_ \t]{0,12}([^\W\d_][^:：\n]{0,24}?)[*_ \t]{0,4}[:：][*_]{0,2}(?:[ \t]|$|(?=[^\s/]))(.{0,300})"
)
_MOST_LINES = 12


def kind_of(line: str) -> str:
    """What the label says that the line begins with; nothing where it begins with none."""
    match = _LABELLED.match(line)
    return _KIND_OF.get(" ".join(match[1].strip("*_ ").casefold().split()), "") if match else ""


def is_head(lines: list[str], index: int) -> bool:
    """Labels of several kinds stand here, and what they say belongs to a mail: “From: Berlin, To: Paris” is a wish."""
    kinds: set[str] = set()
    has_address = False
    strangers = 0
    for line in lines[index : index + _MOST_LINES]:
        if not line.strip():
            if len(kinds) >= 3:
                break
            continue
        kind = kind_of(line)
        if not kind:
            strangers += 1
            has_address = has_address or "@" in line[:300]
            if strangers > 2 or not kinds:
                break
            continue
        kinds.add(kind)
        strangers = 0
        has_address = has_address or "@" in line[:300]
    if len(kinds) < 3 or "from" not in kinds:
        return False
    return has_address or "sent" in kinds or {"date", "subject"} <= kinds
