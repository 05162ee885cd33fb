"""Asks the model and hands what is certain of its words to whoever watches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tzurot.errors import ProviderFailed
from tzurot.llm.reasoning import separate
from tzurot.pipeline.reply import others_of
from tzurot.pipeline.streaming import Speech
from tzurot.pipeline.turn import Completion

if TYPE_CHECKING:
    from tzurot.llm.chat import Piece
    from tzurot.llm.client import Attempt, Client
    from tzurot.pipeline.front import Draft
    from tzurot.pipeline.turn import Prompt, Scene


# families whose templates open the thought, so that the reply holds only its end; nothing is streamed before that
THINKERS = re.compile(r"r1\b|qwq|think|reason|magistral|nemotron|exaone-deep|glm-4\.[1-9]", re.IGNORECASE)


UNFINISHED = re.compile(
    r"\s*<\s*(think|thinking|reasoning|thought|reflection|scratchpad)\b[^>]*>(?!.*</)", re.IGNORECASE | re.DOTALL
)


class Complete:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def __call__(self, scene: Scene, prompt: Prompt, draft: Draft, attempts: list[Attempt]) -> Completion:
        """One answer of the model; every request is noted in `attempts`, the failed ones too.

        Raises:
            ProviderFailed: no answer, or one that is nothing but thoughts.

        """
        speech = self._listen(scene, prompt) if draft.streams else None

        def heard(piece: Piece) -> None:
            if speech is not None and piece.text and (text := speech.feed(piece.text)):
                draft.show(text)

        def restarted() -> bool:
            nonlocal speech
            speech = self._listen(scene, prompt) if draft.streams else None
            return draft.restart()

        answer = await self._client.ask(
            prompt.route, prompt.messages, heard=heard, restarted=restarted, attempts=attempts
        )
        spoken = separate(answer.text, answer.reasoning)
        # cut off by its length before a thought was closed: all there is of it is thought
        cut_off = answer.finish == "length" and UNFINISHED.match(answer.text)
        if cut_off or not spoken.visible.strip():
            raise ProviderFailed(
                "llm.only_thoughts",
                f"{scene.turn.character.name} thought about it, but said nothing.",
                "Try again; a larger llm.reply_tokens leaves room for words after the thoughts.",
            )
        return Completion(
            text=spoken.visible,
            reasoning=spoken.thoughts,
            finish=answer.finish,
            model=answer.model,
            usage=answer.usage,
        )

    @staticmethod
    def _listen(scene: Scene, prompt: Prompt) -> Speech:
        turn = scene.turn
        return Speech(
            character=turn.character.name,
            user=turn.asked_by.name,
            others=others_of(scene),
            user_message=turn.incoming.utterance.text,
            may_think=bool(THINKERS.search(prompt.route.model)),
        )
