"""JavaScript's patterns in Python, and that no pattern takes longer than it may."""

from __future__ import annotations

import time

import pytest

from tzurot.lore.patterns import LONGEST_PATTERN, Patience, compiled, literal

# pattern, text, what matches first (None: nothing, and the pattern is valid); as JavaScript does it
SAME = [
    (r"/a.c/", "a\nc", None),
    (r"/a.c/s", "a\nc", "a\nc"),
    (r"/^b$/", "a\nb\nc", None),
    (r"/^b$/m", "a\nb\nc", "b"),
    (r"/b$/", "ab\n", None),
    (r"/\bкот\b/", "кот", None),
    (r"/\w+/", "кот cat", "cat"),
    (r"/КОТ/i", "мой кот", "кот"),
    (r"/\d+/", "٣ 42", "42"),
    (r"/[\w-]+/", "é-x_1", "-x_1"),
    (r"/[^\d]+/", "12ab", "ab"),
    (r"/[[]/", "a[b", "["),
    (r"/[[:alpha:]]/", "l]", "l]"),
    (r"/[]/", "a", None),
    (r"/[^]/", "\n", "\n"),
    (r"/a{e}/", "a{e}", "a{e}"),
    (r"/{{user}}/", "{{user}}", "{{user}}"),
    (r"/a{2,3}?/", "aaaa", "aa"),
    (r"/a{,3}/", "a{,3}", "a{,3}"),
    (r"/(?<n>x)\k<n>/", "axx", "xx"),
    (r"/(?<=a)b(?!c)/", "abc ab", "b"),
    (r"/\u0041\x42\cJ/", "AB\n", "AB\n"),
    (r"/\//", "a/b", "/"),
    (r"/\p{Lu}/u", "éÉ", "É"),
    (r"/a#b c/", "a#b c", "a#b c"),
    (r"/\Z\A/", "ZA", "ZA"),
    (r"/(a)|b\1/", "b", "b"),
    (r"/a&&b||c~~d--e/", "x", ""),
    (r"/dragon/y", "a dragon", None),
    (r"/\s/", "\ufeff", "\ufeff"),
    (r"/[\b]/", "\x08", "\x08"),
    (r"/x*/", "", ""),
]
INVALID = [
    "/a++/",
    "/*a/",
    "/(?>a)/",
    "/(?P<n>a)/",
    "/(?i)a/",
    "/(/",
    "/a)/",
    "/[a/",
    "/a/gg",
    "/a/q",
    "/a\\/",
    "/(?#x)/",
    "/(*)/",
]


@pytest.mark.parametrize(("written", "text", "found"), SAME)
def test_a_pattern_means_what_it_means_in_javascript(written: str, text: str, found: str | None) -> None:
    pattern = literal(written)
    assert pattern is not None
    match = (pattern.compiled.match if pattern.sticky else pattern.compiled.search)(text)
    assert (match[0] if match else None) == found


@pytest.mark.parametrize("written", [*INVALID, "/a/b/", "plain", "", "//", "/" + "a" * LONGEST_PATTERN + "a/"])
def test_what_is_no_pattern_there_is_none_here(written: str) -> None:
    assert literal(written) is None


def test_flags_say_how_often() -> None:
    every, once = compiled("a", "g"), compiled("a")
    assert every is not None
    assert once is not None
    assert every.replaced("aaa", lambda _: "b", Patience()) == "bbb"
    assert once.replaced("aaa", lambda _: "b", Patience()) == "baa"


CATASTROPHES = [
    "(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*)*x", "(x+x+)+y", r"(\w+\s?)*;", "(a?){40}a{40}b", "((a*)*)*b",
    "^(([a-z])+.)+[A-Z]$", r"(.+)+\1\1\1\1z",
]  # fmt: skip


def test_two_hundred_catastrophes_take_their_time_and_no_longer() -> None:
    text = ("a" * 60 + " ") * (64 * 1024 // 61)
    patience = Patience(total_s=0.9, each_s=0.05)
    begun = time.perf_counter()
    for number in range(200):
        pattern = compiled(CATASTROPHES[number % len(CATASTROPHES)] + f"#{number}")
        assert pattern is not None
        pattern.found_in(text, patience)
    assert patience.exhausted
    assert time.perf_counter() - begun < 1.5  # a second, and what a busy machine adds


def test_a_patience_that_is_used_up_finds_nothing() -> None:
    ticking = iter(range(100))
    patience = Patience(total_s=1.5, each_s=9, clock=lambda: next(ticking))
    pattern = compiled("a")
    assert pattern is not None
    assert [pattern.found_in("a", patience) for _ in range(3)] == [True, True, False]
    assert patience.exhausted
