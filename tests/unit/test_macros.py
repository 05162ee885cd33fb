"""What macros do beyond their case table: chance, variables, conditions, time, and bounds that hold."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tzurot.prompt.macros import LONGEST, Facts, Macros, Remark
from tzurot.prompt.moments import apart, formatted, in_words, read_time

NOW = datetime(2024, 3, 5, 14, 7, 9, tzinfo=UTC)
CHAT = (
    Remark(text="Hello.", by_user=True, said_at=NOW - timedelta(hours=3)),
    Remark(text="Ahoy.", by_user=False, said_at=NOW - timedelta(hours=2), swipes=3, swipe=1),
)


def macros(**fields: str) -> Macros:
    facts = Facts(char="Maren", user="Ida", fields=fields, chat=CHAT, now=NOW, seed="chat", group=("Maren", "Otto"))
    return Macros(facts, Random(5))


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("{{if {{getvar::x}}}}yes{{else}}no{{/if}}", "no"),
        ("{{setvar::x::1}}{{if {{getvar::x}}}} yes {{else}}no{{/if}}", "yes"),
        ("{{if description}}A{{/if}}{{if personality}}B{{/if}}{{if !personality}}C{{/if}}", "AC"),
        ("{{if off}}A{{if on}}B{{/if}}{{/if}}.", "."),
        ("{{if x}}open", "{{if x}}open"),
        ("{{/if}} {{/trim}} {{/user}} {{/getvar::x}}", "{{/if}} {{/trim}} {{/user}} {{/getvar::x}}"),
        ("{{setvar::x}} a { {{user}} } :: b {{/setvar}}{{/setvar}}[{{getvar::x}}]", "{{/setvar}}[a { Ida } :: b]"),
        ("{{setvar::a}}b{{setvar::c}}d{{/setvar}}b{{/setvar}}{{getvar::a}}|{{getvar::c}}", "bb|d"),
        ("{{reverse}}hello{{/reverse}} {{setvar::x}}open{{/getvar}}", "olleh {{setvar::x}}open{{/getvar}}"),
        ("{{trim}}  outer {{trim}}  inner  {{/trim}} outer  {{/trim}}", "outer inner outer"),
        ("{{reverse:abc::def}} {{user Something {{char}}}}", "fed::cba {{user Something Maren}}"),
        ("{{{{char}}}} {{&& x {{user}}", "{{Maren}} {{&& x Ida"),
        ("{{setvar::x::a::b}}{{getvar::x}}", "a::b"),
        ("{{addvar::l::1}}{{setvar::l::[]}}{{addvar::l::a}}{{addvar::l::b}}{{getvar::l}}", '["a","b"]'),
        ("{{setvar::n::1.5}}{{addvar::n::2}}{{getvar::n}} {{addvar::n::0.5}}{{getvar::n}}", "3.5 4"),
        ("{{hasvar::x}}{{setvar::x::}}{{hasvar::x}}{{deletevar::x}}{{hasvar::x}}", "falsetruefalse"),
        ("{{group}}|{{notChar}}", "Maren, Otto|Otto, Ida"),
        ("{{idle_duration}}|{{lastSwipeId}}|{{currentSwipeId}}", "3 hours|3|2"),
        (r"\{\{char\}\} \{ a\}", r"{{char}} \{ a\}"),
        ('{{ USER }}{{hidden_key:x}}{{comment:y}}{{banned "w"}}{{noop}}', "Ida"),
        ("{{time_UTC+99}} {{time::nonsense}}", "1:07 PM 2:07 PM"),
        ("{{roll:0}}|{{roll:x}}|{{roll:1d1+4}}|{{roll:99999999999999999999999}}", "||5|"),
        ("{{random}}|{{random::}}", "{{random}}|"),
        ("{{newline::3}}|{{space::99999}}|", "\n\n\n|" + " " * 1000 + "|"),
        ("{{timeDiff::never::2024-01-01}}", ""),
        ("{{original}} {{time_UTC+5:30}}", "{{original}} {{time_UTC+5:30}}"),
        ("{{datetimeformat [at] Do MMM YY, dddd}}", "at 5th Mar 24, Tuesday"),
    ],
)  # fmt: skip
def test_macros(text: str, expanded: str) -> None:
    assert macros(description="d").expand(text) == expanded


def test_chance_comes_from_the_given_dice() -> None:
    text = "{{random::a::b::c}}{{random:d,e}}{{roll:2d6}}"
    drawn = {Macros(Facts(char="c", user="u"), Random(n)).expand(text) for n in range(40)}
    assert len(drawn) > 10
    assert all(one[0] in "abc" and one[1] in "de" and 2 <= int(one[2:]) <= 12 for one in drawn)
    assert Macros(Facts(char="c", user="u"), Random(3)).expand(text) == Macros(
        Facts(char="c", user="u"), Random(3)
    ).expand(text)


def test_variables_of_another_program_may_be_anything() -> None:
    stored = {"none": None, "list": [1, "a"], "true": True, "float": 2.0}
    evaluated = Macros(Facts(char="c", user="u"), Random(1), stored)  # pyright: ignore[reportArgumentType]
    text = evaluated.expand("{{getvar::none}}|{{getvar::list}}|{{getvar::true}}|{{getvar::float}}")
    assert text == '|[1,"a"]|true|2'


def test_a_pick_is_the_same_in_one_conversation_at_one_place() -> None:
    text = " ".join(["{{pick::a::b::c::d}}"] * 12)
    first = macros().expand(text)
    assert first == macros().expand(text)
    assert len(set(first.split())) > 1
    other = Macros(Facts(char="Maren", user="Ida", seed="another chat"), Random(5)).expand(text)
    assert other != first


def test_a_value_is_never_a_macro_nor_a_separator() -> None:
    facts = Facts(char="{{user}}", user="a::b}}{{char")
    evil = Macros(facts, Random(1))
    assert evil.expand("{{char}} {{reverse::{{char}}}} {{setvar::x::{{user}}}}{{getvar::x}}") == (
        "{{user}} }}resu{{ a::b}}{{char"
    )


def test_a_text_may_not_stand_within_itself() -> None:
    looped = macros(description="I am {{description}}, {{personality}}.", personality="as {{description}} {{scenario}}")
    assert looped.expand("{{description}}") == "I am , as  ."


@pytest.mark.parametrize(
    "text",
    [
        "{{setvar::a::0123456789}}" + "{{setvar::a::{{getvar::a}}{{getvar::a}}}}" * 60 + "{{getvar::a}}",
        "{{description}}" * 500,
        "{{" * 30_000 + "char" + "}}" * 30_000,
        "{{a " * 30_000 + "char" + "}}" * 30_000,
        "{{trim}}\n" * 20_000,
        "{{if x}}" * 10_000 + "{{/if}}" * 10_000,
        "{{newline::1000}}" * 10_000,
        "{{random::" + "a::" * 50_000 + "}}",
        "{{roll:999d999}}" * 5_000,
        "{" * 100_000,
        "{{/if}}" * 50_000,
        "{{setvar::x}}" * 20_000 + "{{/if}}" * 20_000 + "{{/setvar}}" * 20_000,
        "{{else}}" * 30_000,
        "{{reverse::" * 31 + "x" * 50_000 + "}}" * 31,
    ],
)
def test_whatever_macros_do_to_each_other_the_result_is_bounded(text: str) -> None:
    laughing = macros(
        description="{{personality}}" * 500, personality="{{scenario}}" * 500, scenario="ha {{persona}}" * 500
    )
    begun = time.process_time()
    expanded = laughing.expand(text)
    assert time.process_time() - begun < 2
    assert len(expanded) <= 3 * LONGEST
    assert sum(len(str(value)) for value in laughing.variables.values()) <= LONGEST


def test_durations_in_words() -> None:
    said = [
        in_words(timedelta(**length))
        for length in (
            {"seconds": 44}, {"seconds": 80}, {"minutes": 44}, {"minutes": 46}, {"hours": 21}, {"hours": 23},
            {"days": 25}, {"days": 27}, {"days": 70}, {"days": 330}, {"days": 900},
        )
    ]  # fmt: skip
    assert said == [
        "a few seconds", "a minute", "44 minutes", "an hour", "21 hours", "a day", "25 days", "a month", "2 months",
        "a year", "2 years",
    ]  # fmt: skip
    assert apart(NOW, NOW + timedelta(days=2)) == "2 days ago"


def test_every_token_of_a_format() -> None:
    then = datetime(2024, 2, 3, 0, 5, 6, 789000, tzinfo=UTC)
    form = r"YYYY YY M Mo MM MMM MMMM D Do DD DDD d ddd dd E W Q H HH h hh k m mm s ss SSS A a Z ZZ [YY] \Y"
    assert formatted(then, form) == (
        "2024 24 2 2nd 02 Feb February 3 3rd 03 34 6 Sat Sa 6 5 1 0 00 12 12 24 5 05 6 06 789 AM am +00:00 +0000 YY Y"
    )
    assert formatted(then, "LTS, LLLL") == "12:05:06 AM, Saturday, February 3, 2024 12:05 AM"


def test_times_are_read_or_not() -> None:
    assert read_time(" 2024-03-05T14:07:09 ", NOW) == NOW
    assert read_time("1709647629", NOW) == read_time("1709647629000", NOW) == NOW
    assert read_time("yesterday", NOW) is None
