"""The company's canned replies: the same answers in both languages of its customers, one list for both lines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.core.files.uploadedfile import SimpleUploadedFile

from contactcenter.demo import pictures
from contactcenter.demo.cast import COMPANY
from contactcenter.staff.models import Employee
from openlines.models import CannedReply, OpenLine, ReplyList
from openlines.services import lines, reply_lists

WITH_LABEL: Final = ("zwrot", "return")
"""Replies with a picture."""

REPLIES: Final[dict[str, tuple[tuple[str, str, str, int], ...]]] = {
    "Po polsku": (
        (
            "dzien-dobry",
            "Powitanie",
            "Dzień dobry, z tej strony #OPERATOR#, #COMPANY#. Już sprawdzam.",
            212,
        ),
        (
            "godziny",
            "Godziny i odbiór osobisty",
            "Magazyn przy ul. Młynarskiej 7 w Warszawie jest czynny od poniedziałku do piątku 9–17. "
            "Zamówienie czeka na odbiór 7 dni; wystarczy podać jego numer.",
            87,
        ),
        (
            "paczka",
            "Gdzie jest paczka",
            "Paczka jest już u kuriera. Numer do śledzenia jest w wiadomości „Twoje zamówienie wyjechało”. "
            "Jeśli nie dotrze do jutra do 18, prosimy napisać: wyślemy drugą na nasz koszt.",
            154,
        ),
        (
            "faktura",
            "Faktura na firmę",
            "Oczywiście, wystawimy fakturę. Prosimy podać NIP i nazwę firmy; faktura przyjdzie mailem jeszcze dziś.",
            61,
        ),
        (
            "zwrot",
            "Zwrot w 30 dni",
            "Na zwrot jest 30 dni, także otwartej paczki kawy. Etykieta jest w załączniku: wystarczy ją nakleić "
            "i oddać paczkę w punkcie. Pieniądze wracają w 3 dni robocze.",
            38,
        ),
        (
            "mlynek",
            "Jaki młynek do domu",
            "Do przelewu polecamy Mahlo 30, do espresso Mahlo 40: ma drobniejszą regulację. Oba mają dwa lata gwarancji.",
            29,
        ),
        (
            "serwis",
            "Zgłoszenie do serwisu",
            "Przyjęliśmy zgłoszenie, jego numer to #DIALOG#. Prosimy o model, rok zakupu i krótki film lub zdjęcie; "
            "odpowiemy w ciągu jednego dnia roboczego.",
            45,
        ),
        (
            "dziekuje",
            "Pożegnanie",
            "Dziękujemy za rozmowę, #CLIENT#. Dobrej kawy! #OPERATOR#",
            133,
        ),
    ),
    "In English": (
        ("hello", "Greeting", "Hello, this is #OPERATOR# of #COMPANY#. Let me look into it.", 74),
        (
            "hours",
            "Opening hours and collection",
            "Our store at Młynarska 7 in Warsaw is open Monday to Friday, 9 to 17. "
            "An order waits there for 7 days; its number is all you need.",
            31,
        ),
        (
            "parcel",
            "Where the parcel is",
            "Your parcel is with the courier. The tracking number is in the e-mail “Your order has left us”. "
            "If it is not there by 18:00 tomorrow, write to us: we send another one at our cost.",
            52,
        ),
        (
            "invoice",
            "Invoice for a company",
            "Of course. Please send us your VAT number and the company's name; the invoice comes by e-mail today.",
            17,
        ),
        (
            "return",
            "Return within 30 days",
            "You have 30 days to return it, an opened bag of coffee too. The label is attached: stick it on and hand "
            "the parcel in. The money is back within 3 working days.",
            14,
        ),
        (
            "grinder",
            "Which grinder for home",
            "For filter coffee we recommend the Mahlo 30, for espresso the Mahlo 40: it adjusts more finely. "
            "Both come with two years' warranty.",
            12,
        ),
        (
            "repair",
            "Repair request",
            "We have taken your request, its number is #DIALOG#. Please send us the model, the year of purchase and a "
            "short film or a photo; we answer within one working day.",
            9,
        ),
        ("thanks", "Goodbye", "Thank you, #CLIENT#. Enjoy your coffee! #OPERATOR#", 48),
    ),
}
"""Section → (shortcut, title, text, how often it was sent before the history begins)."""


def build(built: dict[str, OpenLine], *, by: Employee, now: datetime) -> ReplyList:
    chosen = ReplyList.objects.create(name=COMPANY)
    for name, replies in REPLIES.items():
        section = reply_lists.add_section(chosen, name)
        for shortcut, title, text, uses in replies:
            label = SimpleUploadedFile("label.png", pictures.parcel(), "image/png")
            files = [reply_lists.upload(label)] if shortcut in WITH_LABEL else []
            made = reply_lists.create(
                chosen, shortcut=shortcut, title=title, text=text, section=section, by=by, new_files=files
            )
            used = {"use_count": uses, "last_used_at": now - timedelta(hours=uses % 30)}
            CannedReply.objects.filter(pk=made.pk).update(**used)
    for line in built.values():
        lines.save_block(line.pk, {"reply_list": chosen}, now=now)
    return chosen
