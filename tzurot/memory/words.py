"""The words worth finding: stems of any script, with the irregular forms that a stemmer does not know."""

# PyStemmer carries no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import zlib
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import regex
from Stemmer import Stemmer

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD = regex.compile(r"[\p{L}\p{N}]+", regex.VERSION1)
PLAIN = "".join(chr(n).lower() if chr(n).isalnum() else " " for n in range(128))
KEPT_WORDS = 8192  # 1.4 MB of usual ones
CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]", regex.VERSION1)
STOP_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been but by can could d did didn do does doesn don for
    from had has have he her him his how i if in into is isn it its just ll m me my no not of on or our out re
    remember s she so some such t than that the their them then there these they this to too up us ve was we were what
    when where which who whom why will with would you your
    """.split()
)
# one meaning a line: the first form stands for all
_SAME = """
become became; begin began begun; bite bit bitten; blow blew blown; break broke broken; bring brought; build built
buy bought; catch caught; choose chose chosen; come came; deal dealt; dig dug; draw drew drawn; dream dreamt
drink drank drunk; drive drove driven; eat ate eaten; fall fell fallen; feed fed; feel felt; fight fought; find found
fly flew flown; forget forgot forgotten; freeze froze frozen; get got gotten; give gave given; go went gone going
grow grew grown; hang hung; hear heard; hide hid hidden; hold held; keep kept; know knew known; lead led; learn learnt
leave left; lend lent; lose lost; make made; mean meant; meet met; pay paid; ride rode ridden; rise rose risen
run ran; say said; see saw seen; seek sought; sell sold; send sent; sew sewn; shake shook shaken; shoot shot
show showed shown; shrink shrank; sing sang sung; sink sank; sit sat; sleep slept; speak spoke spoken; spend spent
stand stood; steal stole stolen; stick stuck; sweep swept; swim swam swum; swing swung; take took taken; teach taught
tear tore torn; tell told; think thought; throw threw thrown; understand understood; wake woke woken; wear wore worn
weave wove woven; weep wept; win won; write wrote written
child children kid kids; foot feet; life lives; man men; mouse mice; person people; tooth teeth; wife wives; woman women
bicycle bike bikes; color colour colours; dad father dads fathers; favorite favourite fave; movie film films
mom mum mother moms mums mothers; picture photo photos photograph photographs pic pics; television tv
one 1; two 2; three 3; four 4; five 5; six 6; seven 7; eight 8; nine 9; ten 10
"""
FORMS = {form: line.split()[0] for line in _SAME.replace("\n", ";").split(";") for form in line.split()[1:]}


@cache
def _stemmer() -> Stemmer:  # pyright: ignore[reportUnknownParameterType]
    return Stemmer("english", 0)


@lru_cache(KEPT_WORDS)
def _code(word: str) -> int:
    return zlib.crc32(_stemmer().stemWord(word).encode())


def words_of(text: str) -> list[str]:
    """Letters and digits that stand together, in small letters."""
    return text.translate(PLAIN).split() if text.isascii() else WORD.findall(text.casefold())


def stem_codes(text: str) -> list[int]:
    """CRC-32 of every stem worth finding, in order; scripts without spaces give pairs of signs."""
    words = [FORMS.get(word, word) for word in words_of(text) if word not in STOP_WORDS]
    if not text.isascii() and CJK.search(text):
        words = [part for word in words for part in (_pairs(word) if CJK.search(word) else (word,))]
    return [_code(word) for word in words]


def _pairs(word: str) -> list[str]:
    return [word[i : i + 2] for i in range(max(1, len(word) - 1))]


def stems(text: str) -> NDArray[np.uint32]:
    """The same as an array."""
    return np.array(stem_codes(text), np.uint32)
