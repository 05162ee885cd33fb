"""`make fuzz`: damaged cards, in every container, thrown at the reader.

Every input is a valid card made by our own writers (or a real one, with `--corpus`), then damaged: bits turned, pieces
cut, doubled, moved or taken from another input, numbers and tokens put in. Most damaged PNGs get right checksums again,
else nothing but the checksum would ever be tested. An input must end in a reading that can be written and read again,
or in `Invalid`, and in time.
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import random
import struct
import sys
import time
from pathlib import Path
from zlib import crc32

from tzurot.cards import charx, png
from tzurot.cards.payload import dump
from tzurot.cards.read import from_object, read_card
from tzurot.cards.write import export, to_object
from tzurot.errors import Invalid

LIMIT_S = 0.2
NUMBERS = [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**63, 10**30]
TOKENS = [
    b"null", b"NaN", b"Infinity", b"-0", b"1e999", b"[]", b"{}", b'""', b"[" * 300, b'{"a":' * 300, b"\\ud800",
    b"\\u0000", b'"spec"', b'"data"', b'"name"', b'"chara_card_v2"', b'"chara_card_v3"', b"PK\x03\x04",
    b"PK\x01\x02", b"PK\x05\x06", b"IEND", b"tEXt", b"iTXt", b"chara\0", b"ccv3\0", b"../", b"card.json",
    b"\xff\xfe", b"\xef\xbb\xbf", b"embeded://",
    b"12345678901234567890123", b"@@depth 1\n",
]  # fmt: skip

VALUES = [
    None, True, 0, -1, 0.5, 1e300, 10**30, "", " ", "x" * 1000, "\0", [], {}, [[]], [None], {"": ""}, {"name": 1}, [{}],
    "chara_card_v2", "chara_card_v3", [1, "a", None], {"0": {"key": "x"}}, "data:image/png;base64,AAAA", "data:,",
]  # fmt: skip


def seeds() -> list[bytes]:
    """Small cards of every version in every container."""
    data = {
        "name": "Maren", "description": "Keeps the lighthouse.", "first_mes": "Mind the step.", "tags": ["sea", "calm"],
        "alternate_greetings": ["Ahoy."], "extensions": {"depth_prompt": {"prompt": "x", "depth": 2}, "n": 1e5},
        "character_book": {"entries": [{"keys": ["sea"], "content": "@@depth 1\nSalt.", "extensions": {}}]},
        "assets": [{"type": "icon", "uri": "embeded://a/main.png", "name": "main", "ext": "png"}],
    }  # fmt: skip
    made: list[bytes] = [dump({"name": "Maren", "description": "d", "talkativeness": "0.5"})]
    for spec in ("chara_card_v2", "chara_card_v3"):
        card = from_object({"spec": spec, "spec_version": "2.0", "data": data}).card
        files = (charx.File(path="a/main.png", content=png.plain(width=4, height=4)),)
        made.append(dump(to_object(card)))
        made.append(export(card, "png", picture=png.plain(width=4, height=4)).content)
        made.append(export(card, "charx", files=files).content)
    return made


def damaged(dice: random.Random, corpus: list[bytes]) -> bytes:
    """One of the corpus with up to eight damages; the text of a PNG's card is damaged under its base64."""
    content = dice.choice(corpus)
    if content.startswith(b"{") and dice.random() < 0.5:
        return _strange(dice, content)
    if content.startswith(png.SIGNATURE) and dice.random() < 0.5:
        try:
            payload = png.read(content).payload
            return png.write(content, {dice.choice(["chara", "ccv3"]): _hurt(dice, payload, corpus)})
        except Invalid:  # a real file may be damaged already
            pass
    hurt = _hurt(dice, content, corpus)
    return _with_checksums(hurt) if hurt.startswith(png.SIGNATURE) and dice.random() < 0.8 else hurt


def _strange(dice: random.Random, content: bytes) -> bytes:
    """The same JSON with one or two of its values replaced by something of another kind."""
    try:
        whole = json.loads(content)
    except ValueError:
        return content
    for _ in range(dice.randint(1, 2)):
        node, key = whole, None
        while isinstance(node, dict | list) and node and (key is None or dice.random() < 0.7):
            key = dice.choice(list(node) if isinstance(node, dict) else range(len(node)))
            parent, node = node, node[key]
        if key is not None:
            parent[key] = copy.deepcopy(dice.choice(VALUES))
    return json.dumps(whole).encode()


def _hurt(dice: random.Random, content: bytes, corpus: list[bytes]) -> bytes:
    made = bytearray(content)
    for _ in range(dice.choice([1, 1, 1, 2, 2, 4, 8])):
        place = dice.randrange(len(made) + 1)
        end = min(len(made), place + dice.choice([1, 1, 2, 4, 16, 64, 1024]))
        match dice.randrange(8):
            case 0 if made:
                made[place % len(made)] ^= 1 << dice.randrange(8)
            case 1:
                del made[place:end]
            case 2:
                made[place:place] = made[place:end] * dice.choice([1, 2, 50])
            case 3:
                made[place : place + 4] = struct.pack(dice.choice("<>") + "I", dice.choice(NUMBERS) & 0xFFFFFFFF)
            case 4:
                made[place:place] = dice.choice(TOKENS)
            case 5:
                made[place:end] = str(dice.choice(NUMBERS)).encode()
            case 6:
                other = dice.choice(corpus)
                cut = dice.randrange(len(other))
                made[place:end] = other[cut : cut + 200]
            case _:
                made[place:end] = base64.b64encode(bytes(made[place:end]))
    return bytes(made)


def _with_checksums(content: bytes) -> bytes:
    made, position = bytearray(content), 8
    while position + 12 <= len(made):
        end = position + 12 + int.from_bytes(made[position : position + 4], "big")
        if end > len(made):
            break
        made[end - 4 : end] = crc32(made[position + 4 : end - 4]).to_bytes(4, "big")
        position = end
    return bytes(made)


def one(content: bytes) -> bool:
    """Read one input; whether it was a card. Whatever else is raised is what this looks for."""
    try:
        reading = read_card(content)
    except Invalid:
        return False
    again = read_card(export(reading.card, "json").content)
    assert again.card == reading.card
    return True


def run(inputs: int, seed: int, corpus: list[bytes]) -> tuple[int, float]:
    """How many inputs were cards, and the seconds that the slowest took."""
    dice = random.Random(seed)
    cards, slowest = 0, 0.0
    for number in range(inputs):
        content = damaged(dice, corpus)
        begun = time.perf_counter()
        try:
            cards += one(content)
        except BaseException:
            place = Path(f"fuzz-{seed}-{number}.bin")
            place.write_bytes(content)
            print(f"input {number} of seed {seed} failed: kept as {place}")
            raise
        slowest = max(slowest, time.perf_counter() - begun)
    return cards, slowest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="a directory of real cards to damage beside our own")
    given = parser.parse_args()
    corpus = seeds()
    for path in sorted(given.corpus.rglob("*")) if given.corpus else ():
        if path.suffix in {".json", ".png", ".charx"} and path.stat().st_size < 64 * 1024:
            corpus.append(path.read_bytes())
    begun = time.perf_counter()
    cards, slowest = run(given.inputs, given.seed, corpus)
    took = time.perf_counter() - begun
    print(
        f"{given.inputs} inputs from {len(corpus)} seeds in {took:.0f} s: {cards} were cards, the others refused;"
        f" the slowest took {slowest * 1000:.1f} ms (at most {LIMIT_S * 1000:.0f})"
    )
    return 0 if slowest <= LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
