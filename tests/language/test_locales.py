"""The locale of the job, which functions go by that are told no other."""

from __future__ import annotations

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.language.functions import LIBRARY
from packsys.language.locales import tag_of
from packsys.language.printer import printed
from packsys.language.syntax import Text
from packsys.values import Failure
from tests.language.catalogue import failing, value_of


@pytest.mark.parametrize(
    ("formula", "locale", "value"),
    [
        ('Upper("izmir")', "tr", "İZMİR"),
        ('Upper("izmir")', "en", "IZMIR"),
        ('Lower("ISPARTA")', "az-Latn-AZ", "ısparta"),
        ("FormatNumber(1234567.5)", "de", "1.234.567,5"),
        ("FormatNumber(1234567.5)", "en-IN", "12,34,567.5"),
        ('FormatNumber(1234.5, "#,##0.00")', "fr-CH", "1\u202f234,50"),
        ("MonthName(Date(2026, 3, 1))", "de-AT", "März"),
        ('MonthName(Date(2026, 1, 1), "long")', "de-AT", "Jänner"),
        ("WeekdayName(Date(2026, 1, 31))", "zh-CN", "星期六"),
        ('WeekdayName(Date(2026, 1, 31), format: "short")', "fr", "sam."),
        ('FormatDate(Date(2026, 1, 31), "long")', "nb-NO", "31. januar 2026"),
        ('List("i", "ı").FormulaMap(Upper(CurrentValue)).Join("")', "tr", "İI"),
        ('"izmir".Upper()', "tr", "İZMİR"),
    ],
)
def test_without_a_locale_a_function_goes_by_the_jobs(formula: str, locale: str, value: str) -> None:
    assert value_of(formula, locale=locale) == value


GIVEN = {
    "Upper": 'Upper("iIıİß", locale: {0})',
    "Lower": 'Lower("iIıİß", locale: {0})',
    "FormatNumber": "FormatNumber(-1234567.5, locale: {0})",
    "MonthName": "MonthName(Date(2026, 3, 1), locale: {0})",
    "WeekdayName": "WeekdayName(Date(2026, 1, 31), locale: {0})",
    "FormatDate": 'FormatDate(DateTime(2026, 1, 31, 9, 5), "full", locale: {0})',
}


def test_all_functions_with_a_locale_are_known_here() -> None:
    takers = {each.name for each in LIBRARY.all() if any(taken.name == "locale" for taken in each.parameters)}
    assert takers == set(GIVEN)
    assert all(taken.locale for name in GIVEN for taken in LIBRARY.find(name).parameters if taken.name == "locale")


KNOWN = st.sampled_from(sorted(locale_identifiers()))


@settings(deadline=None)
@given(st.sampled_from(sorted(GIVEN)), KNOWN, KNOWN, KNOWN)
def test_a_locale_that_is_given_wins(function: str, told: str, one: str, other: str) -> None:
    formula = GIVEN[function].format(printed(Text(told, 0, 0)))
    assert value_of(formula, locale=one) == value_of(formula, locale=other)


@settings(deadline=None)
@given(st.sampled_from(sorted(GIVEN)), KNOWN)
def test_the_jobs_locale_is_as_good_as_one_that_is_given(function: str, name: str) -> None:
    left_out = GIVEN[function].replace(", locale: {0}", "")
    assert value_of(left_out, locale=tag_of(name)) == value_of(GIVEN[function].format(printed(Text(name, 0, 0))))


def test_a_locale_that_is_given_and_unknown_is_an_error_in_any_job() -> None:
    assert failing("MonthName(Today(), locale: 'xx')", locale="de").code == "Value"


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("de-AT", "de-AT"),
        ("de_AT", "de-AT"),
        ("pt-br", "pt-BR"),
        ("zh-CN", "zh-CN"),
        ("zh_hant_tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de_DE.UTF-8", "de-DE"),
        ("ca-ES-valencia", "ca-ES-VALENCIA"),
    ],
)
def test_a_locale_is_written_in_one_form(name: str, tag: str) -> None:
    assert tag_of(name) == tag == tag_of(tag)


@given(KNOWN)
def test_its_form_names_the_same_locale(name: str) -> None:
    assert Locale.parse(tag_of(name), sep="-") == Locale.parse(name)


@pytest.mark.parametrize(
    "name", ["", "-", "xx", "en-XX", "en-", "../en", "a\0b", "\ud800", "english", "C", "e" * 10_000]
)
def test_what_is_no_locale_has_no_form(name: str) -> None:
    with pytest.raises(Failure, match="There is no locale"):
        tag_of(name)
