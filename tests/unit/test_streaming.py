from __future__ import annotations

from tzurot.pipeline.streaming import Speech

LONG = "The tide is out, the lamps are low, and the ferry will not come before dawn, so sit with me a while."


def shown(speech: Speech, text: str) -> str:
    return "".join(speech.feed(sign) for sign in text)


def test_a_model_that_may_think_is_heard_once_its_thoughts_are_closed() -> None:
    speech = Speech(character="Emery")
    assert shown(speech, f"<think>Weigh <think>it</think>.\n{LONG}\n") == ""
    assert shown(speech, f"</think>\n\n{LONG}\n") + shown(speech, f"{LONG}\n" * 3) != ""


def test_without_a_mark_such_a_model_is_heard_at_the_end_only() -> None:
    speech = Speech(character="Emery")
    assert shown(speech, f"{LONG}\n\nAnd more.\n" * 5 + "</think>\n\nGood evening!") == ""
    assert speech.finish() == "Good evening!"


def test_one_long_line_is_shown_by_words() -> None:
    speech = Speech(character="Emery", may_think=False)
    seen = shown(speech, f"{LONG} Nobody else is here. {LONG.upper()} And then {LONG.title()}")
    assert seen.startswith(LONG)


def test_the_next_speaker_is_never_shown() -> None:
    speech = Speech(character="Emery", user="Bob", may_think=False)
    seen = shown(speech, f"Emery: {LONG}\n\nBob: thanks!\n{LONG}\n{LONG.upper()}\n")
    assert seen + speech.finish() == LONG


def test_a_repetition_of_what_was_asked_waits_until_it_is_known_to_be_one() -> None:
    asked = "Tell me about the harbour and the lighthouse, please."
    speech = Speech(character="Emery", user="Bob", user_message=asked, may_think=False)
    seen = shown(speech, f"{asked}\n\n{LONG}\n\n{LONG.upper()}\n\n{LONG.title()}\n")
    assert seen.startswith(LONG)


def test_quoted_tags_are_shown_and_open_ones_wait() -> None:
    speech = Speech(character="Emery", may_think=False)
    assert "`<div>`" in shown(speech, f"Write `<div>` first.\n{LONG}\n{LONG.upper()}\n")
    assert "<div>" not in shown(speech, f"Then <div> it.\n{LONG.title()}\n")


def test_where_the_caller_was_wrong_nothing_more_is_shown() -> None:
    speech = Speech(character="Emery", may_think=False)
    seen = shown(speech, f"{LONG}\n{LONG.upper()}\n</think>\n\nGood evening!")
    assert seen
    assert speech.finish() == ""


def test_a_second_copy_of_the_reply_is_never_shown() -> None:
    reply = f"{LONG}\n\n{LONG.upper()}\n\n"
    speech = Speech(character="Emery", may_think=False)
    assert shown(speech, reply * 2) + speech.finish() == reply.strip()


def test_what_could_be_a_stutter_waits() -> None:
    speech = Speech(character="Emery")
    assert speech.feed(f"<think>{LONG}</think>\nur.\n") == ""
    assert speech.feed(f"</think>\n\n{LONG}\n") + speech.finish() == LONG


def test_words_left_of_another_format_wait() -> None:
    speech = Speech(character="Emery", may_think=False)
    assert shown(speech, f"analysis{LONG}\n{LONG.upper()}\n") == ""
    assert speech.feed("assistantfinalGood evening!") + speech.finish() == "Good evening!"


def test_half_a_label_waits() -> None:
    speech = Speech(character="Emery", user="Old Crow", may_think=False)
    assert speech.feed(f"{LONG}\nOld Crow") == LONG
    assert speech.feed(f": hello\n{LONG}\n") + speech.finish() == ""


def test_an_open_fence_waits_for_its_end() -> None:
    speech = Speech(character="Emery", may_think=False)
    assert speech.feed(f"{LONG}\n```\nEmery: x\n") == LONG
    assert speech.feed("```\n") + speech.finish() == "\n```\nEmery: x\n```"
