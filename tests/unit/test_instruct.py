"""Texts for servers that complete them: every family's marks, stories, stops; and chat-completion presets."""

from __future__ import annotations

import orjson
import pytest

from tzurot.errors import Invalid
from tzurot.prompt.instruct import (
    TEMPLATES,
    Context,
    Instruct,
    Said,
    completion_prompt,
    context_object,
    instruct_object,
    is_for,
    read_context,
    read_instruct,
    story,
)
from tzurot.prompt.macros import expand
from tzurot.prompt.notes import Insertion
from tzurot.prompt.presets import preset_of, read_preset

TURNS = (
    Said(role="system", name="", text="Be Maren."),
    Said(role="user", name="Ida", text="Hi."),
    Said(role="assistant", name="Maren", text="Mind the step."),
    Said(role="user", name="Ida", text="Tea?"),
)
WHOLE = {
    "ChatML": "<|im_start|>system\nBe Maren.<|im_end|>\n<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\nMind"
    " the step.<|im_end|>\n<|im_start|>user\nTea?<|im_end|>\n<|im_start|>assistant\n",
    "Gemma": "<start_of_turn>user\nBe Maren.\n\nHi.<end_of_turn>\n<start_of_turn>model\nMind the step.<end_of_turn>\n"
    "<start_of_turn>user\nTea?<end_of_turn>\n<start_of_turn>model\n",
    "Llama 3": "<|start_header_id|>system<|end_header_id|>\n\nBe Maren.<|eot_id|><|start_header_id|>user"
    "<|end_header_id|>\n\nHi.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nMind the step.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nTea?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "Mistral": "[INST]Be Maren.\n\nHi.[/INST]Mind the step.</s>[INST]Tea?[/INST]",
    "Vicuna": "Be Maren.\n\nUSER: Hi.\nASSISTANT: Mind the step.</s>\nUSER: Tea?\nASSISTANT: ",
    "Alpaca": "Be Maren.\n\n### Instruction:\nHi.\n\n### Response:\nMind the step.\n\n### Instruction:\nTea?\n\n"
    "### Response:\n",
    "Command R": "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>Be Maren.<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|>"
    "<|USER_TOKEN|>Hi.<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>Mind the step.<|END_OF_TURN_TOKEN|>"
    "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>Tea?<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
}


@pytest.mark.parametrize("name", WHOLE)
def test_each_family_has_its_marks(name: str) -> None:
    made = completion_prompt(TEMPLATES[name], TURNS, character="Maren", user="Ida")
    assert made.text == WHOLE[name]
    assert made.stops
    assert all(stop.strip() for stop in made.stops)


def test_every_family_is_tested() -> None:
    assert set(WHOLE) == set(TEMPLATES)


def test_names_stand_where_the_template_or_a_third_speaker_wants_them() -> None:
    forced = Instruct(user="U:", assistant="A:", names="force", wrap=True)
    assert "Ida" not in completion_prompt(forced, TURNS, character="Maren", user="Ida").text
    third = (*TURNS, Said(role="user", name="Otto", text="Me too."))
    text = completion_prompt(forced, third, character="Maren", user="Ida").text
    assert text.endswith("U:\nIda: Tea?\nU:\nOtto: Me too.\nA:\nMaren:")


def test_first_and_last_marks_and_a_story_that_begins_with_the_character() -> None:
    template = Instruct(
        user="U ", assistant="A ", first_user="U1 ", last_user="UL ", first_assistant="A1 ", last_assistant="AL ",
        alignment="Begin.", story_start="<s>", story_end="</s>", user_end=";", assistant_end=";",
    )  # fmt: skip
    turns = (TURNS[2], TURNS[1], TURNS[2], TURNS[3])
    made = completion_prompt(
        template, turns, character="Maren", user="Ida", told="STORY\n\n", context=Context(chat_start="***")
    )
    assert made.text == ("<s>STORY</s>***\nU1 Begin.;A1 Mind the step.;U Hi.;A Mind the step.;UL Tea?;AL ")
    assert made.stops == ("U", "U1", "UL")


def test_stops() -> None:
    context = Context(chat_start="***", example_separator="###", stops_at_separators=True, stops_at_names=True)
    stops = completion_prompt(TEMPLATES["ChatML"], TURNS, character="Maren", user="Ida", context=context).stops
    assert stops == ("<|im_end|>", "<|im_start|>user", "<|im_start|>system", "\nIda:", "***", "###")


def test_a_story_is_told_in_the_templates_order() -> None:
    context = Context(
        story="{{#if system}}{{system}}\n{{/if}}{{#if persona}}P{{else}}nobody{{/if}} {{#unless x}}no x{{/unless}}"
        "{{#if description}}{{#if scenario}}{{char}}: {{description}}{{/if}}{{/if}}\n\n{{trim}}\n{{unknown}}"
    )
    values = {"system": "S {{char}} {{#if a}}", "description": "D", "scenario": "  x", "persona": " ", "x": ""}
    told = story(context, values, lambda text: expand(text, char="Maren", user="Ida"))
    assert told == "S {{char}} {{#if a}}\nnobody no xMaren: D{{unknown}}"


def test_templates_of_files() -> None:
    raw = {
        "input_sequence": "U",
        "output_sequence": "A",
        "wrap": True,
        "names_behavior": "always",
        "own": 1,
        "name": "n",
    }
    template = read_instruct({**raw, "activation_regex": "/llama-?3/i"})
    assert (template.user, template.names, template.system_as_user) == ("U", "always", False)
    assert instruct_object(template)["own"] == 1
    assert read_instruct(instruct_object(template)) == template
    assert is_for(template, "Meta-LLAMA-3-8b")
    assert not is_for(template, "mistral")
    assert not is_for(TEMPLATES["ChatML"], "mistral")
    context = read_context({"story_string": "{{system}}", "use_stop_strings": True, "own": 1})
    assert read_context(context_object(context)) == context


PRESET = {
    "name": "mine", "temperature": 0.8, "top_p": 1, "top_k": 40, "min_p": 0, "seed": -1, "openai_max_context": 4095,
    "openai_max_tokens": 300, "frequency_penalty": True,
    "prompts": [
        {"identifier": "main", "content": "MAIN", "role": "system"}, {"identifier": "chatHistory", "marker": True},
        {"identifier": "jailbreak", "content": "LAST"}, {"identifier": "off", "content": "OFF"},
        {"identifier": "deep", "content": "DEEP", "injection_position": 1, "injection_depth": 2, "role": "user"},
        {"identifier": "lost", "content": "LOST"}, {"identifier": "aux", "content": "AUX"}, 7,
    ],
    "prompt_order": [
        {"character_id": 5, "order": []},
        {"character_id": 100001, "order": [
            {"identifier": "main", "enabled": True}, {"identifier": "aux", "enabled": True},
            {"identifier": "off", "enabled": False}, {"identifier": "deep", "enabled": True},
            {"identifier": "chatHistory", "enabled": True}, {"identifier": "jailbreak", "enabled": True},
            {"identifier": "gone", "enabled": True}]},
    ],
}  # fmt: skip


def test_a_preset_becomes_parameters() -> None:
    preset = read_preset(orjson.dumps(PRESET))
    assert preset.samplers == {"temperature": 0.8, "top_k": 40}
    assert (preset.name, preset.context_tokens, preset.reply_tokens) == ("mine", 4095, 300)
    assert (preset.system_prompt, preset.post_history) == ("MAIN\n\nAUX", "LAST")
    assert preset.insertions == (Insertion(text="DEEP", depth=2, role="user"),)
    assert preset.warnings == ("1 of its prompts are not in its order and are not used",)
    assert [prompt.identifier for prompt in preset.prompts] == [
        "main",
        "aux",
        "off",
        "deep",
        "chatHistory",
        "jailbreak",
    ]


@pytest.mark.parametrize("content", [b"{}", b"[]", b"{oops", b'{"temperature": "hot", "prompts": 7}'])
def test_what_is_no_preset_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        read_preset(content)


def test_a_preset_without_an_order_and_one_of_another_program() -> None:
    bare = preset_of({key: value for key, value in PRESET.items() if key != "prompt_order"})
    assert bare.post_history == "LAST\n\nOFF\n\nLOST\n\nAUX"
    other = preset_of({"generation_settings": {"temperature": 0.7}, "preset_settings": {"main_prompt": "M"}}, "file")
    assert (other.name, other.samplers, other.system_prompt) == ("file", {"temperature": 0.7}, "M")
