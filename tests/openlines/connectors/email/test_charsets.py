"""Whatever its sender calls them, bytes come out as the words that were written."""

from __future__ import annotations

import encodings.aliases

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openlines.connectors.email.charsets import codec, decode

WORDS = {
    "pl": "Dzień dobry, proszę o odpowiedź. Gdzie jest moje zamówienie?",
    "ru": "Где мой заказ? Прошу ответить, спасибо.",
    "uk": "Де моє замовлення? Дякую, її ще немає.",
    "fr": "Où est ma commande ? Merci d'avance, j'étais très pressé.",
    "de": "Wo ist meine Bestellung? Grüße aus Köln, schöne Straße.",
    "cs": "Dobrý den, kde je moje objednávka? Děkuji, přišel jsem dříve.",
    "hu": "Hol van a rendelésem? Köszönöm szépen, tűrő őrült.",
    "tr": "Siparişim nerede? Teşekkürler, ığüşöç.",
    "el": "Πού είναι η παραγγελία μου; Ευχαριστώ.",
    "he": "איפה ההזמנה שלי? תודה",
    "ar": "أين طلبي؟ شكرا لكم",
    "th": "คำสั่งซื้อของฉันอยู่ที่ไหน",
    "ja": "注文した商品はどこですか？ありがとうございます。",
    "zh": "我的订单在哪里？谢谢。镕",
    "tw": "我的訂單在哪裡？謝謝。",
    "ko": "제 주문은 어디에 있나요? 감사합니다. 똠",
}
NAMED = {
    "pl": ["iso-8859-2", "windows-1250", "cp1250", "ISO_8859-2", "utf-16le", "utf-7"],
    "ru": ["windows-1251", "koi8-r", "iso-8859-5", "cp866", "utf-16be"],
    "uk": ["windows-1251", "koi8-u", "iso-8859-5"],
    "fr": ["iso-8859-1", "windows-1252", "iso-8859-15", "latin1", "cp850"],
    "de": ["iso-8859-1", "windows-1252", "latin1", "cp850"],
    "cs": ["iso-8859-2", "windows-1250"],
    "hu": ["iso-8859-2", "windows-1250"],
    "tr": ["iso-8859-9", "windows-1254"],
    "el": ["iso-8859-7", "windows-1253"],
    "he": ["iso-8859-8", "windows-1255"],
    "ar": ["iso-8859-6", "windows-1256"],
    "th": ["tis-620", "cp874", "iso-8859-11"],
    "ja": ["shift_jis", "euc-jp", "iso-2022-jp", "utf-16", "utf-16le"],
    "zh": ["gb18030", "utf-16be"],
    "tw": ["big5"],
    "ko": ["cp949"],
}
"""Language → charsets under their own names."""
SAME = [(language, name) for language, names in NAMED.items() for name in names]
LARGER = [
    ("zh", "gb18030", "gb2312"),
    ("zh", "gb18030", "gbk"),
    ("ko", "cp949", "ks_c_5601-1987"),
    ("ko", "cp949", "euc-kr"),
    ("he", "iso-8859-8", "iso-8859-8-i"),
    ("pl", "cp1250", "iso-8859-2"),
    ("pl", "iso-8859-2", "cp1250"),
    ("uk", "koi8-u", "koi8-r"),
    ("th", "cp874", "tis-620"),
]
"""Language, charset of the bytes, the name of another that they are sent under."""
WRONG = [
    "us-ascii", "iso-8859-1", "cp1252", "iso-8859-2", "cp1250", "cp1251", "koi8-r", "gb2312", "big5", "shift_jis", "euc-kr", "",
    "x-unknown", "utf-7", "iso-2022-jp", "utf-16", "iso-8859-15", "ks_c_5601-1987", "zlib_codec", "base64", "rot13", "hex",
]  # fmt: skip


@pytest.mark.parametrize(("language", "name"), SAME)
def test_a_charset_under_its_name(language: str, name: str) -> None:
    assert decode(WORDS[language].encode(name), name) == WORDS[language]


@pytest.mark.parametrize(("language", "name", "told"), LARGER)
def test_a_larger_charset_under_a_smaller_ones_name(language: str, name: str, told: str) -> None:
    assert decode(WORDS[language].encode(name), told) == WORDS[language]


@pytest.mark.parametrize("told", WRONG)
@pytest.mark.parametrize("language", WORDS)
def test_utf8_under_any_name(language: str, told: str) -> None:
    assert decode(WORDS[language].encode(), told) == WORDS[language]


UNTOLD = [
    ("pl", "iso-8859-2"), ("pl", "windows-1250"), ("cs", "windows-1250"), ("hu", "iso-8859-2"), ("hu", "windows-1250"),
    ("ru", "windows-1251"), ("ru", "koi8-r"), ("uk", "windows-1251"), ("uk", "koi8-u"), ("fr", "iso-8859-1"),
    ("fr", "windows-1252"), ("de", "iso-8859-1"), ("de", "windows-1252"), ("tr", "windows-1254"), ("el", "windows-1253"),
    ("he", "windows-1255"), ("ar", "windows-1256"), ("th", "tis-620"), ("ja", "shift_jis"), ("ja", "euc-jp"),
    ("ja", "iso-2022-jp"), ("zh", "gb18030"), ("tw", "big5"), ("ko", "cp949"),
]  # fmt: skip
"""Language and charset of a text that says by itself what it is."""


@pytest.mark.parametrize("told", ["", "utf-8", "us-ascii", "x-unknown"])
@pytest.mark.parametrize(("language", "name"), UNTOLD)
def test_a_charset_that_is_not_named(language: str, name: str, told: str) -> None:
    raw = WORDS[language].encode(name)
    assert decode(raw, told, hints=(name,)) == WORDS[language]
    assert decode(raw, told) == WORDS[language]


@pytest.mark.parametrize(
    ("raw", "told", "text"),
    [
        ("Ні".encode("cp1251"), "windows-1251", "Ні"),  # UTF-8, too, by chance
        (b"\x1b$B-!-j\x1b(B ok", "iso-2022-jp", "①㈱ ok"),
        ("5 €".encode("cp1252"), "iso-8859-1", "5 €"),
        ("“x” € é".encode("cp1252"), "iso-8859-15", "“x” € é"),
        (b"Hello there\n", "utf-16", "Hello there\n"),
        (b"\xef\xbb\xbf" + "żółw".encode(), "iso-8859-1", "żółw"),
        (b"\xff\xfe" + "żółw".encode("utf-16-le"), "utf-8", "żółw"),
        (b"\xfe\xff" + "żółw".encode("utf-16-be"), "", "żółw"),
        ("Dzień dobry".encode("utf-16-le"), "", "Dzień dobry"),
        (b"1+1=2 a+b-c", "utf-8", "1+1=2 a+b-c"),
    ],
)
def test_single_ones(raw: bytes, told: str, text: str) -> None:
    assert decode(raw, told) == text


def test_a_few_spoilt_bytes_never_change_the_charset_of_the_rest() -> None:
    assert decode(b"Prosz\xc4 o " + "odpowiedź".encode(), "utf-8") == "Prosz\ufffd o odpowiedź"
    assert decode("Zażółć gęślą".encode("cp1250") + b"\x81", "cp1250") == "Zażółć gęślą\ufffd"
    assert decode("注文した".encode("cp932") + b"\x81", "shift_jis").startswith("注文した")


def test_a_footer_in_another_charset() -> None:
    footer = b"\n-- caf\xe9 \xe0 la carte\n"
    assert decode((WORDS["pl"] * 2).encode() + footer, "utf-8") == WORDS["pl"] * 2 + "\n-- café à la carte\n"


def test_no_codec_of_python_breaks_it() -> None:
    """Those that make no text of bytes, or are no charsets, count as not named."""
    for name in {*encodings.aliases.aliases, *encodings.aliases.aliases.values()}:
        for raw in (b"abc", b"\xc4\x99x\0\x1b$B", b"\x80\x9d\xff", b""):
            assert isinstance(decode(raw, name), str)
    no_text = ("zlib_codec", "zip", "bz2", "hex", "base64", "uu", "rot13", "quopri")
    for name in (*no_text, "unicode_escape", "punycode", "idna", "\0", "ż"):
        assert codec(name) == ""


_SENTENCES = {
    "cp1250": "zażółć gęślą jaźń proszę dziękuję się Łódź środa",
    "iso-8859-2": "zażółć gęślą jaźń proszę dziękuję się Łódź środa",
    "cp1251": "где мой заказ спасибо Москва ответьте пожалуйста ещё",
    "koi8-r": "где мой заказ спасибо Москва ответьте пожалуйста",
    "iso-8859-1": "où êtes vous très bientôt déjà Grüße schön Straße mañana você não",
    "cp1253": "πού είναι παραγγελία Ευχαριστώ γειά",
    "shift_jis": "注文 商品 どこ ありがとう カタカナ",
    "gb2312": "我的订单 在哪里 谢谢 你好",
    "big5": "我的訂單 在哪裡 謝謝 你好",
    "euc-kr": "제 주문은 어디에 있나요 감사합니다",
    "utf-8": "zażółć где où 注文 제 🎉 naïve",
}


@st.composite
def said(draw: st.DrawFn) -> tuple[str, str]:
    """(charset, words that can be written in it)."""
    charset = draw(st.sampled_from(sorted(_SENTENCES)))
    words = draw(
        st.lists(
            st.sampled_from([*_SENTENCES[charset].split(), "12", "order", "Carl,", "(a@b.test)"]),
            min_size=1,
            max_size=12,
        )
    )
    return charset, " ".join(words)


@settings(max_examples=300, deadline=None)
@given(said())
def test_any_words_in_any_charset(given_: tuple[str, str]) -> None:
    charset, text = given_
    assert decode(text.encode(charset), charset) == text
