"""The automatic texts that the product ships, English and Polish, usable unedited (A12)."""

from __future__ import annotations

from openlines.policies.facts import TextTrigger

T = TextTrigger
LANGUAGES = ("en", "pl")

_TEXTS: dict[TextTrigger, tuple[str, str]] = {
    T.CONSENT: (
        "To answer you we process the data you give us in this conversation. Do you agree?",
        "Aby odpowiedzieć, przetwarzamy dane podane w tej rozmowie. Czy wyraża Pan/Pani na to zgodę?",
    ),
    T.CONSENT_BY_WRITING: (
        "By writing on you agree to this.",
        "Pisząc dalej, wyraża Pan/Pani na to zgodę.",
    ),
    T.GREETING: (
        "Hello! Thank you for writing to us. We will answer in a moment.",
        "Dzień dobry! Dziękujemy za wiadomość. Za chwilę odpowiemy.",
    ),
    T.OFF_HOURS: (
        "Thank you for your message. We are not at work now; we will answer when we are back.",
        "Dziękujemy za wiadomość. Teraz nie pracujemy; odpowiemy po powrocie.",
    ),
    T.UNAVAILABLE: (
        "Thank you for your message. Nobody is available right now; we will answer as soon as we can.",
        "Dziękujemy za wiadomość. W tej chwili nikt nie jest dostępny; odpowiemy, gdy tylko będzie to możliwe.",
    ),
    T.UNANSWERED: (
        "We are sorry that you have to wait. Your message has reached us, and we will answer as soon as we can.",
        "Przepraszamy, że trzeba czekać. Wiadomość do nas dotarła i odpowiemy, gdy tylko będzie to możliwe.",
    ),
    T.FINISHED: (
        "Thank you for talking to us. If anything else comes up, just write again.",
        "Dziękujemy za rozmowę. W razie dalszych pytań prosimy po prostu napisać ponownie.",
    ),
    T.AUTO_CLOSED: (
        "We have closed this conversation because nothing was written for a while. "
        "You are welcome to write again at any time.",
        "Zamknęliśmy tę rozmowę, bo od dłuższego czasu nikt nic nie napisał. "
        "W każdej chwili można napisać ponownie.",
    ),
    T.RATING_REQUEST_CHAT: (
        "How did we do? Please rate this conversation.",
        "Jak nam poszło? Prosimy ocenić tę rozmowę.",
    ),
    T.RATING_REQUEST: (
        "How did we do? Please rate this conversation.",
        "Jak nam poszło? Prosimy ocenić tę rozmowę.",
    ),
    T.RATING_BY_WRITING: (
        "Answer 1 if it was good, or 0 if it was bad.",
        "Prosimy odpisać 1, jeśli dobrze, albo 0, jeśli źle.",
    ),
    T.RATED_GOOD_CHAT: (
        "Thank you! We are glad that we could help.",
        "Dziękujemy! Cieszymy się, że mogliśmy pomóc.",
    ),
    T.RATED_GOOD: (
        "Thank you! We are glad that we could help.",
        "Dziękujemy! Cieszymy się, że mogliśmy pomóc.",
    ),
    T.RATED_BAD_CHAT: (
        "Thank you for telling us. We are sorry, and we will do better.",
        "Dziękujemy za szczerość. Przepraszamy, postaramy się poprawić.",
    ),
    T.RATED_BAD: (
        "Thank you for telling us. We are sorry, and we will do better.",
        "Dziękujemy za szczerość. Przepraszamy, postaramy się poprawić.",
    ),
    T.RATING_LATE: (
        "Thank you, but the time for rating that conversation is over.",
        "Dziękujemy, ale czas na ocenę tej rozmowy już minął.",
    ),
}

SHIPPED: dict[tuple[TextTrigger, str], str] = {
    (trigger, language): text
    for trigger, versions in _TEXTS.items()
    for language, text in zip(LANGUAGES, versions, strict=True)
}

LABELS: dict[tuple[str, str], str] = {
    ("agree", "en"): "I agree",
    ("agree", "pl"): "Zgadzam się",
    ("refuse", "en"): "I do not agree",
    ("refuse", "pl"): "Nie zgadzam się",
    ("good", "en"): "👍 Good",
    ("good", "pl"): "👍 Dobrze",
    ("bad", "en"): "👎 Bad",
    ("bad", "pl"): "👎 Źle",
    ("document", "en"): "The full text:",
    ("document", "pl"): "Pełna treść:",
}
"""What stands on buttons and beside links; WhatsApp allows 20 characters on a button."""
