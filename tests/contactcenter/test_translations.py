"""Catalogues without gettext's tools, in a project of a few lines."""

import re
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo

from contactcenter import translations

HEADER = """msgid ""
msgstr ""
"Language: pl\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one Python text, and templates with the tags that carry texts."""
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm/names.py").write_text('from x import gettext_lazy as _\nNAME = _("Lead")\n')
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/page.html").write_text(
        "{% load i18n %}\n    <p>it's (open\n  {% translate 'Open' context 'state' %}\n"
        "{% blocktranslate count n=n trimmed %}\n  one\n  dialog\n{% plural %}{{ n }} dialogs{% endblocktranslate %}\n"
    )
    return tmp_path


def catalogue(project: Path, *entries: str) -> Path:
    path = project / "locale/pl/LC_MESSAGES/django.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + "\n\n".join(entries) + "\n")
    return path


LEAD = 'msgid "Lead"\nmsgstr "Szansa"'
OPEN = 'msgctxt "state"\nmsgid "Open"\nmsgstr "Otwarta"'
DIALOGS = (
    '#, python-format\nmsgid "one dialog"\nmsgid_plural "%(n)s dialogs"\n'
    'msgstr[0] "jeden"\nmsgstr[1] "%(n)s dialogi"\nmsgstr[2] "%(n)s dialogów"'
)


def test_a_complete_catalogue_has_no_complaints(project: Path) -> None:
    catalogue(project, LEAD, OPEN, DIALOGS)
    assert list(translations.complaints()) == []


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([OPEN, DIALOGS], "missing: 'Lead' (crm/names.py)"),
        ([LEAD, OPEN.replace('"state"', '"door"'), DIALOGS], "missing: 'Open'"),
        ([LEAD.replace("Szansa", ""), OPEN, DIALOGS], "not translated: 'Lead'"),
        ([LEAD, OPEN, DIALOGS.replace("%(n)s dialogi", "")], "not translated: ('one dialog'"),
        (["#, fuzzy\n" + LEAD, OPEN, DIALOGS], "fuzzy: 'Lead'"),
        ([LEAD, OPEN, DIALOGS.replace("%(n)s dialogów", "%(m)s dialogów")], "one dialog"),
    ],
)
def test_what_is_not_complete_is_named(project: Path, entries: list[str], complaint: str) -> None:
    catalogue(project, *entries)
    (found,) = translations.complaints()
    assert complaint in found


def test_extracting_adds_what_is_new_keeps_what_is_there_and_drops_what_is_gone(project: Path) -> None:
    path = catalogue(project, LEAD, 'msgid "Gone"\nmsgstr "Nie ma"')
    translations.extract_texts()
    texts = {(message.id, message.string) for message in translations.read(path) if message.id}
    assert texts == {
        ("Lead", "Szansa"),
        ("Open", ""),
        (("one dialog", "%(n)s dialogs"), ("", "", "")),
    }


def test_a_language_without_a_catalogue_is_not_complete_and_extracting_makes_one(project: Path) -> None:
    assert len(list(translations.complaints())) == 3
    translations.extract_texts()
    (path,) = translations.catalogues()
    assert len(translations.read(path)) == 3
    assert "fuzzy" not in path.read_text()


def test_compiling_makes_what_django_loads(project: Path) -> None:
    path = catalogue(project, LEAD, OPEN, DIALOGS)
    translations.compile_catalogues()
    with path.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    assert compiled["Lead"].string == "Szansa"
    assert {file.name for file in path.parent.iterdir()} == {"django.po", "django.mo"}


def test_no_text_takes_a_person_for_a_man_or_a_woman() -> None:
    """People are "they" or their role; nobody knows who a client or a colleague is."""
    gendered = re.compile(r"\b(he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)
    texts = [
        text for message in translations.texts() for text in _strings(message.id) if gendered.search(text)
    ]
    assert texts == []


def _strings(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_texts_are_marked_by_names_that_the_extraction_knows() -> None:
    """A text behind another name stands in no catalogue, and nobody notices."""
    aliased = re.compile(r"\bp?n?gettext(?:_lazy|_noop)? as (?!_\b)\w+")
    found = [
        f"{path.relative_to(translations.ROOT)}: {line.strip()}"
        for folder in translations.SOURCES
        for path in (translations.ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if aliased.search(line)
    ]
    assert found == []
