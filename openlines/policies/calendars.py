"""The public holidays of countries (W3), from the `holidays` package: which there are, and on which days.

The package is imported when it is first needed (it is large), and a country's year is worked out once a process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType

MOST = 0.75
"""Where no region is chosen, a day that at least this part of the regions keeps counts: Easter Monday in the United
Kingdom (Scotland works), Good Friday in Switzerland. The package's own list has only what no region goes without.
"""

NONE: Mapping[date, str] = MappingProxyType({})


@lru_cache(maxsize=512)
def public_holidays(country: str, region: str, year: int, language: str = "") -> Mapping[date, str]:
    """Day → name in ``language``, else in the country's own. Empty for a country or region that is not known.

    A line's settings may outlive a code of the package: the line then works by its other rules (its page warns).
    """
    if not is_known(country, region):
        return NONE
    import holidays

    spoken = _spoken(country, language)

    def of(subdivision: str | None) -> dict[date, str]:
        days = holidays.country_holidays(
            country, subdiv=subdivision, years=year, language=spoken, expand=False
        )
        return {day: name for day, name in days.items() if day.year == year}

    found = of(region or None)
    if not region:
        found = _kept_by_most([of(code) for code in countries()[country]]) | found
    return MappingProxyType(dict(sorted(found.items())))


def _kept_by_most(regions: Sequence[Mapping[date, str]]) -> dict[date, str]:
    """Each day with the name that it has in the first region that keeps it."""
    counts = Counter(day for region in regions for day in region)
    most = {day for day, count in counts.items() if count >= MOST * len(regions)}
    names = {day: name for region in reversed(regions) for day, name in region.items()}
    return {day: names[day] for day in most}


@lru_cache(maxsize=1)
def countries() -> Mapping[str, tuple[str, ...]]:
    """Code of each country that has a calendar → codes of its regions that differ, sorted."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    return MappingProxyType({code: tuple(sorted(known[code])) for code in sorted(known)})


def is_known(country: str, region: str = "") -> bool:
    regions = countries().get(country)
    return regions is not None and (not region or region in regions)


@lru_cache(maxsize=512)
def region_names(country: str) -> Mapping[str, str]:
    """Region → its name in the country's own language where the package knows one, else the code."""
    import holidays

    names = {code: code for code in countries().get(country, ())}
    if not names:
        return MappingProxyType(names)
    # the package offers names only as aliases of codes: {"BW": ["Baden-Württemberg"], …}
    aliases = holidays.country_holidays(country).get_subdivision_aliases()
    for code, known in aliases.items():
        if code in names and known:
            names[code] = str(known[0])
    return MappingProxyType(names)


@lru_cache(maxsize=512)
def _spoken(country: str, language: str) -> str | None:
    """The package's name of a language it has this country's holidays in: ``en`` → ``en_US``, if there is one.

    Never left to the package where the country has a language: it would take the one of the machine's environment.
    """
    import holidays

    offered = holidays.list_localized_countries().get(country, [])
    wanted = language.replace("-", "_").lower()
    exact = [code for code in offered if code.lower() == wanted]
    close = [code for code in offered if code.lower().split("_")[0] == wanted.split("_")[0]]
    own = holidays.country_holidays(country).default_language
    return next(iter([*exact, *close]), own)
