"""Users, personas and characters in a real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from inhabitants import begun, flown, ida, said, speaker

from tzurot.cards.card import Card
from tzurot.cards.charx import File
from tzurot.cards.payload import dump
from tzurot.cards.read import from_object, read_card
from tzurot.cards.write import export
from tzurot.errors import Invalid, NotFound
from tzurot.memory.embed import Embedder
from tzurot.memory.partition import Episode
from tzurot.memory.store import Memories, Memory
from tzurot.tables.characters import Characters, Face, slug_of
from tzurot.tables.flights import Flights
from tzurot.tables.messages import History
from tzurot.tables.people import People
from tzurot.tables.turns import Ledger

if TYPE_CHECKING:
    from tzurot.database.connect import Database


async def counted(database: Database, table: str, where: str = "TRUE") -> int:
    return await database.value(f"SELECT count(*) FROM {table} WHERE {where}")


# People


async def test_two_first_contacts_at_once_are_one_person(database: Database) -> None:
    processes = [People(database) for _ in range(12)]
    met = await asyncio.gather(*(people.meet(speaker()) for people in processes))
    assert len(set(met)) == 1
    assert await counted(database, "users") == await counted(database, "personas") == 1
    assert (met[0].external_id, met[0].name, met[0].description) == ("5", "Ida", "")


async def test_a_known_person_is_the_same_after_a_restart_and_a_change_of_name(database: Database) -> None:
    first = await People(database).meet(speaker(name="Ida"))
    assert await People(database).meet(speaker(name="Captain Ida")) == first
    other = await People(database).meet(speaker(external_id="6"))
    assert (other.user_id, other.persona_id) != (first.user_id, first.persona_id)


async def test_the_same_id_on_another_front_is_somebody_else(database: Database) -> None:
    people = People(database)
    on_discord = await people.meet(speaker())
    terminal = speaker()
    terminal = type(terminal)(front="terminal", external_id="5", name="Ida")
    assert (await people.meet(terminal)).user_id != on_discord.user_id


async def test_names_are_cut_and_nobody_is_nameless(database: Database) -> None:
    people = People(database)
    assert (await people.meet(speaker("1", "凛" * 140))).name == "凛" * 100
    assert (await people.meet(speaker("2", ""))).name == "Somebody"


async def test_a_renamed_persona_is_seen_once_the_cache_is_dropped(database: Database) -> None:
    people = People(database)
    person = await people.meet(speaker())
    await database.execute("UPDATE personas SET name = 'Captain', description = 'one boot'")
    assert await people.meet(speaker()) is person
    people.forget()
    renamed = await people.meet(speaker())
    assert (renamed.persona_id, renamed.name, renamed.description) == (person.persona_id, "Captain", "one boot")


# Characters


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Maren Voss", "maren-voss"),
        ("  J.T.  O'Hara!! ", "j-t-o-hara"),
        ("凛", "凛"),
        ("Straße ①", "strasse-1"),
        ("a_b__c", "a-b-c"),
        ("🎏🎏", "character"),
        ("---", "character"),
        ("x" * 80, "x" * 50),
        ("y" * 49 + " z", "y" * 49),
    ],
)
def test_a_name_becomes_an_address(name: str, slug: str) -> None:
    assert slug_of(name) == slug


async def test_equal_names_get_slugs_of_their_own(database: Database) -> None:
    characters = Characters(database)
    made = await asyncio.gather(*(characters.add(Card(name="Nyx"), owner_id=None) for _ in range(6)))
    assert sorted(one.slug for one in made) == ["nyx", "nyx-2", "nyx-3", "nyx-4", "nyx-5", "nyx-6"]
    await characters.add(Card(name="Nyx 7"), owner_id=None)
    assert (await characters.add(Card(name="nyx"), owner_id=None)).slug == "nyx-8"
    assert (await characters.add(Card(name="Ny"), owner_id=None)).slug == "ny"


async def test_a_private_character_is_its_owners_alone(database: Database) -> None:
    characters = Characters(database)
    owner, other = await ida(database), await ida(database, "6", "Otto")
    secret = await characters.add(Card(name="Secret"), owner_id=owner.user_id, is_public=False)
    assert secret in await characters.visible_to(owner.user_id)
    assert await characters.by_slug("@SECRET", owner.user_id) == secret
    for stranger in (other.user_id, None):
        assert secret not in await characters.visible_to(stranger)
        with pytest.raises(NotFound, match="no character “secret” here"):
            await characters.by_slug("secret", stranger)
    starters = {one.slug for one in await characters.visible_to(None)}
    assert starters == {"maren", "quill", "tamsin"}


async def test_a_character_is_found_by_slug_before_name(database: Database) -> None:
    characters = Characters(database)
    named = await characters.add(Card(name="Other Name"), owner_id=None, slug="first")
    taken = await characters.add(Card(name="First"), owner_id=None)
    assert taken.slug == "first-2"
    assert await characters.by_slug(" First ", None) == named
    assert await characters.by_slug("other name", None) == named
    with pytest.raises(NotFound) as unknown:
        await characters.by_slug("x" * 500, None)
    assert len(str(unknown.value)) < 300


async def test_the_whole_card_comes_back_and_a_change_is_seen_after_forgetting(database: Database) -> None:
    characters, reader = Characters(database), Characters(database)
    raw = {
        "spec": "chara_card_v3",
        "data": {"name": "Nyx", "description": 'q"\\ 凛 🎏', "extensions": {"a": [1, None]}},
    }
    summary = await characters.add(from_object(raw).card, owner_id=None)
    character = await reader.get(summary.id)
    assert (character.card.description, character.card.raw, character.name) == ('q"\\ 凛 🎏', raw, "Nyx")
    assert await reader.get(summary.id) is character
    await database.execute(
        "UPDATE characters SET card = jsonb_set(card::jsonb, '{data,name}', '\"Nox\"') WHERE id = $1", summary.id
    )
    reader.forget()
    assert (await reader.get(summary.id)).name == "Nox"


async def test_a_card_is_kept_as_it_was_written_with_what_came_with_it(database: Database) -> None:
    characters, reader = Characters(database), Characters(database)
    extensions = {"zz": {"b": 1e5, "a": 12345678901234567890123}, "a": [0.10, None], "éx": "\u2028"}
    book = {"name": "Harbour", "entries": [{"keys": ["tide"], "content": "It is in."}, 7]}
    raw = {"spec": "chara_card_v3", "data": {"name": "Nyx", "extensions": extensions, "character_book": book}, "own": 1}
    files = (File(path="a/main.png", content=bytes(range(256))), File(path="x_meta/1.json", content=b"{}"))
    summary = await characters.add(from_object(raw).card, owner_id=None, files=files)
    kept = await reader.get(summary.id)
    assert dump(kept.card.raw) == dump(raw)  # byte for byte
    assert kept.book is not None
    assert [entry.keys for entry in kept.book.entries] == [("tide",)]
    assert await reader.files(summary.id) == files
    assert read_card(export(kept.card, "charx", files=files).content).files == files
    await characters.delete(summary.id)
    assert await counted(database, "card_files") == 0
    broken = {"spec": "chara_card_v2", "data": {"name": "Nyx", "character_book": {"entries": "none"}}}
    assert (await reader.get((await characters.add(from_object(broken).card, owner_id=None)).id)).book is None


async def test_a_face_is_kept_and_found_by_its_digest(database: Database) -> None:
    characters = Characters(database)
    face = Face(content=bytes(range(256)), media_type="image/webp")
    summary = await characters.add(Card(name="Nyx"), owner_id=None, face=face)
    assert summary.avatar_digest == face.digest
    assert await characters.face(summary.id) == await characters.face_by_digest(face.digest) == face
    bare = await characters.add(Card(name="Bare"), owner_id=None)
    assert (bare.avatar_digest, await characters.face(bare.id)) == ("", None)
    assert await characters.face_by_digest("0" * 64) is None


async def test_a_card_with_a_nul_character_is_refused_and_leaves_nothing(database: Database) -> None:
    characters = Characters(database)
    for strange in ({"name": "N\0x"}, {"description": "N\0x"}, {"extensions": {"k\0": 1}}):
        with pytest.raises(Invalid, match="NUL"):
            await characters.add(from_object({"name": "Nyx", **strange}).card, owner_id=None)
    assert await counted(database, "characters") == 3
    await characters.add(
        from_object({"name": "Nyx", "description": r"only looks like one: \u0000"}).card, owner_id=None
    )
    assert await counted(database, "characters") == 4


async def test_with_a_character_goes_all_that_was_its_own(database: Database) -> None:
    characters, memories = Characters(database), Memories(database, Embedder())
    turn, kept = await begun(database, 1), await begun(database, 2, "quill")
    now = datetime.now(UTC)
    async with database.transaction() as connection:
        for one in (turn, kept):
            own = {"persona_id": one.asked_by.persona_id, "character_id": one.character.id}
            episode = Episode(
                place="p", origin_id=one.id, by_character=False, speaker="Ida", text="I sail.", said_at=now
            )
            await memories.write(connection, [Memory(**own, episode=episode)])
            await History.keep(connection, [said(one.id, "Aye.", character_id=one.character.id)])
            await Flights.keep(connection, [flown(one.id, one.asked_by.user_id)])
    await Ledger(database).speak(turn.id, "Maren", ["Aye."])
    tables = ("turns", "memories", "messages", "flights")
    assert [await counted(database, table) for table in tables] == [2, 2, 2, 2]
    await characters.delete(turn.character.id)
    assert [await counted(database, table) for table in tables] == [1, 1, 1, 1]
    assert await counted(database, "chunks") == 0
    assert await counted(database, "memories", f"character_id = {kept.character.id}") == 1
    assert (await counted(database, "users"), await counted(database, "personas")) == (1, 1)
    with pytest.raises(NotFound, match="no longer exists"):
        await characters.get(turn.character.id)
    await characters.delete(turn.character.id)  # twice is no harm


async def test_a_deleted_users_characters_live_on_without_an_owner(database: Database) -> None:
    characters, owner = Characters(database), await ida(database)
    made = await characters.add(Card(name="Nyx"), owner_id=owner.user_id)
    await database.execute("DELETE FROM users")
    characters.forget()
    assert (await characters.by_slug("nyx", None)).owner_id is None
    assert (await characters.get(made.id)).name == "Nyx"
