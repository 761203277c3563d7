"""What customers and operators of the shop say to each other: read from ``talks.txt``, beside this file.

A talk is a block of lines there: first the line's key and the language, then what is said, each line with its
speaker: ``c`` the customer, ``o`` the operator, ``n`` the operator's internal note. ``{order}`` is a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

CLIENT: Final = "c"
OPERATOR: Final = "o"
NOTE: Final = "n"


@dataclass(frozen=True)
class Said:
    by: str
    text: str


@dataclass(frozen=True)
class Talk:
    line: str
    language: str
    said: tuple[Said, ...]

    @property
    def questions(self) -> tuple[tuple[str, ...], ...]:
        """What the customer says, in bursts: each ends where he waits for an answer."""
        bursts: list[list[str]] = [[]]
        for said in self.said:
            if said.by == CLIENT:
                bursts[-1].append(said.text)
            elif bursts[-1]:
                bursts.append([])
        return tuple(tuple(burst) for burst in bursts if burst)


@cache
def all_talks() -> tuple[Talk, ...]:
    text = Path(__file__).with_name("talks.txt").read_text(encoding="utf-8")
    return tuple(_talk(block.splitlines()) for block in text.strip().split("\n\n"))


def _talk(block: list[str]) -> Talk:
    line, language = block[0].split()
    return Talk(line, language, tuple(_said(block[1:])))


def _said(rows: list[str]) -> Iterator[Said]:
    for row in rows:
        by, _, text = row.partition(" ")
        if by not in (CLIENT, OPERATOR, NOTE):
            raise ValueError(f"Who says this? {row!r}")
        yield Said(by, text.replace(r"\n", "\n"))


@dataclass(frozen=True)
class Customer:
    name: str
    language: str
    username: str = ""


_CUSTOMERS: Final = {
    "pl": """Agnieszka Wójcik @aga_wojcik|Bartosz Kamiński|Celina Lewandowska @celina.lew|Dariusz Szymański @darek_sz|
Ewa Dąbrowska|Filip Kozłowski @filipk|Grażyna Jankowska|Hubert Mazur @hubmaz|Izabela Kwiatkowska @iza_kwiat|
Jarosław Krawczyk|Kamila Piotrowska|Leszek Grabowski @leszekg|Michał Pawłowski @misiek_p|Natalia Michalska 🌸 @natmich|
Oskar Zając|Paulina Król @paula.krol|Radosław Wieczorek|Sylwia Jabłońska @sylwia_j|Tadeusz Majewski|Urszula Olszewska|
Wiktor Stępień @wiktor_st|Zofia Malinowska-Konstantynopolitańczykowianeczka|Żaneta Gołębiewska @zanetka|
Łukasz Ćwikliński @lukasz_cw|Kawiarnia „Pod Aniołami” sp. z o.o. @podaniolami|Małgorzata Dudek|
Sebastian Walczak @seba_w|Aleksandra Rutkowska @ola_r|Krzysztof Baran|Joanna Sikora ☕ @asia_sikora""",
    "en": """Alice Johnson @alicej|Ben O’Connor @benoc|Chloé Dubois @chloe_d|Daniel Müller|Emma Thompson @emmat|
Faisal Al-Rashid @faisal_ar|Grace Kim @gracekim|Henrik Sørensen|Isabella Rossi @isabella.rossi|Jack Williams @jackw|
Kateryna Shevchenko @kate_shev|Liam Murphy|Mei-Ling Chen 陈美玲 @meiling|Noah Andersson @noah_and|Olivia Brown|
Pedro Henrique Gonçalves de Albuquerque Cavalcanti @pedroh|Quentin Blake|Ruby Patel @rubyp|Sam Taylor 🚲 @samt|
Thomas van der Berg @tvdberg|Una Gallagher|Victor Popescu|William Davis @will_d|Yuki Tanaka @yukit|
Zoë Fischer @zoe_f""",
}


@cache
def customers(language: str) -> tuple[Customer, ...]:
    return tuple(_customer(one.strip(), language) for one in _CUSTOMERS[language].split("|"))


def _customer(written: str, language: str) -> Customer:
    name, _, username = written.partition(" @")
    return Customer(name, language, username)
