"""`python -m contactcenter.translations extract|compile|check`: the catalogues in `locale/`.

Django's own commands call xgettext and msgfmt, which a machine may not have; Babel does the same in Python.
Texts come from Python sources and templates; templates are turned into something like Python by Django, just
as for `makemessages`.
"""

import argparse
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("pl",)  # the texts themselves are English
SOURCES = ("contactcenter", "openlines", "crm", "kpi", "templates")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
COMMENT = "Translators:"


def catalogues() -> list[Path]:
    return [ROOT / "locale" / language / "LC_MESSAGES" / "django.po" for language in LANGUAGES]


def read(path: Path) -> Catalog:
    """The catalogue of that file; an empty one when it is not there yet."""
    if not path.exists():
        return Catalog(
            locale=path.parts[-3],
            header_comment="# PROJECT's texts; `make messages` brings them up to date.",
            project="contactcenter",
            version="1",
            msgid_bugs_address=" ",
            last_translator=" ",
            language_team=" ",
            charset="utf-8",
            fuzzy=False,
        )
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def texts() -> Catalog:
    """Everything in the sources that wants a translation."""
    found = Catalog(project="contactcenter", charset="utf-8")
    for path, content in _sources():
        for line, message, comments, context in extract(
            "python", BytesIO(content), keywords=KEYWORDS, comment_tags=[COMMENT]
        ):
            location = (str(path.relative_to(ROOT)), line)
            found.add(message, locations=[location], auto_comments=comments, context=context)
    return found


def _sources() -> Iterator[tuple[Path, bytes]]:
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                yield path, path.read_bytes()
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                # In parentheses the markup's indentation is not taken for Python's.
                yield path, f"({templatize(path.read_text(), origin=str(path))}\n)".encode()


def extract_texts() -> None:
    """Bring every catalogue up to date; what is new has an empty translation, what is gone is dropped."""
    template = texts()
    for path in catalogues():
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, sort_output=True, ignore_obsolete=True, include_lineno=False)


def compile_catalogues() -> None:
    for path in catalogues():
        draft = path.with_suffix(".mo.new")
        with draft.open("wb") as file:
            write_mo(file, read(path))
        draft.replace(path.with_suffix(".mo"))  # whole or not at all: another process may be starting


def complaints() -> Iterator[str]:
    """What keeps a catalogue from being complete: a text missing, empty, fuzzy, with other placeholders."""
    template = texts()
    for path in catalogues():
        catalogue = read(path)
        for wanted in template:
            if not wanted.id:
                continue
            found = catalogue.get(wanted.id, context=wanted.context)
            if problem := _problem(found, catalogue):
                where = ", ".join(sorted({name for name, _ in wanted.locations}))
                yield f"{path.relative_to(ROOT)}: {problem}: {wanted.id!r} ({where})"


def _problem(message: Message | None, catalogue: Catalog) -> str | None:
    if message is None:
        return "missing"
    strings = [message.string] if isinstance(message.string, str) else list(message.string or [])
    if not all(strings) or (message.pluralizable and len(strings) != catalogue.num_plurals):
        return "not translated"
    if message.fuzzy:
        return "fuzzy"
    return next((str(error) for error in message.check(catalogue)), None)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m contactcenter.translations", description=__doc__)
    parser.add_argument("verb", choices=["extract", "compile", "check"])
    verb = parser.parse_args().verb
    if verb == "extract":
        extract_texts()
    elif verb == "compile":
        compile_catalogues()
    elif found := list(complaints()):
        sys.stderr.write("\n".join([*found, f"{len(found)} texts are not translated; see `make messages`\n"]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
