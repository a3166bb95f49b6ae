"""The same smoke test through two unrelated client libraries and raw HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from simulator.client import Client
from simulator.server import Running
from simulator.world.media import png
from tests.simulator.hook import Hook
from tests.simulator.libraries import Aiogram, Library, Ptb, Raw, Refused

KEYBOARD = {"inline_keyboard": [[{"text": "Oui", "callback_data": "yes"}]]}


@pytest.fixture(params=[Ptb, Aiogram, Raw], ids=["ptb", "aiogram", "raw"])
async def library(request: pytest.FixtureRequest, running: Running) -> AsyncIterator[Library]:
    make: Callable[[str], Library] = request.param
    library = make(running.url)
    await library.me()
    yield library
    await library.close()


async def test_the_bot_is_known_by_its_token(library: Library) -> None:
    me = await library.me()

    assert (me["id"], me["is_bot"], me["username"]) == (123456, True, "relais_bot")


async def test_a_message_is_polled_and_acknowledged(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")
    await asyncio.to_thread(client.start, claire, "abc")

    [update] = await library.poll(0)
    assert update["message"]["text"] == "/start abc"
    assert update["message"]["entities"][0]["type"] == "bot_command"
    await asyncio.to_thread(client.say, claire, "Bonjour")
    [after] = await library.poll(update["update_id"] + 1)
    assert after["message"]["text"] == "Bonjour"


async def test_a_tap_is_answered_with_a_pop_up(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")
    await asyncio.to_thread(client.start, claire)
    [start] = await library.poll(0)
    sent = await library.send(claire, "<b>Reçu</b> ?", KEYBOARD)
    assert (sent["text"], sent["entities"][0]["type"]) == ("Reçu ?", "bold")

    press = asyncio.create_task(asyncio.to_thread(client.press, claire, "Oui"))
    [update] = await library.poll(start["update_id"] + 1)
    tap = update["callback_query"]
    assert (tap["data"], tap["message"]["message_id"]) == ("yes", sent["message_id"])
    assert await library.answer(tap["id"], "Noté")

    assert (await press)["answer"] == {"text": "Noté", "alert": False}


async def test_a_message_is_edited_and_deleted(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")
    await asyncio.to_thread(client.start, claire)
    sent = await library.send(claire, "Bonjour", KEYBOARD)

    edited = await library.edit(claire, sent["message_id"], "Bonsoir")
    assert edited["text"] == "Bonsoir"
    assert "edit_date" in edited
    assert await library.delete(claire, sent["message_id"])

    [gone] = [m for m in client.messages(claire, deleted=True) if m["deleted"]]
    assert (gone["text"], gone["edited"], gone["keyboard"]) == ("Bonsoir", True, [])


async def test_photos_and_documents_arrive_whole(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")
    await asyncio.to_thread(client.start, claire)
    content = b"--sixty\r\n\x00\xff\r\nend\r\n"

    photo = await library.photo(claire, png(30, 20))
    document = await library.document(claire, content)

    assert (photo["photo"][0]["width"], photo["caption"]) == (30, "Photo")
    assert document["document"]["file_name"] == "a.bin"
    assert await library.download(document["document"]["file_id"]) == content


async def test_a_refusal_is_reported(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")
    await asyncio.to_thread(client.start, claire)
    await asyncio.to_thread(client.block, claire)

    with pytest.raises(Refused, match="bot was blocked by the user"):
        await library.send(claire, "Bonjour")


async def test_commands_have_a_scope(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")

    listed = await library.commands("statut", "Où en est-on ?")

    assert listed == [{"command": "statut", "description": "Où en est-on ?"}]
    assert client.menu(claire) == listed


async def test_groups_are_joined_and_read(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")
    group = await asyncio.to_thread(client.group, "EFS", [claire])

    joined, service = await library.poll(0)

    assert joined["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert service["message"]["new_chat_members"][0]["id"] == 123456
    assert (await library.chat(group))["title"] == "EFS"
    assert (await library.member(group, claire))["status"] == "creator"


async def test_a_migration_is_followed(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")
    group = await asyncio.to_thread(client.group, "EFS", [claire])
    new = await asyncio.to_thread(client.migrate, group)

    updates = await library.poll(0)

    assert [u["message"]["migrate_to_chat_id"] for u in updates[2:3]] == [new]
    assert [u["message"]["migrate_from_chat_id"] for u in updates[3:]] == [group]
    assert (await library.send(new, "Bonjour"))["chat"]["type"] == "supergroup"
    with pytest.raises(Refused):
        await library.send(group, "Bonjour")


async def test_a_webhook_brings_its_secret(library: Library, client: Client) -> None:
    claire = await asyncio.to_thread(client.person, "Claire")
    with Hook(500) as hook:
        info = await library.webhook(hook.url, "s3cret")
        await asyncio.to_thread(client.start, claire)
        first, again = hook.next(), hook.next()

        await library.webhook("", "")

    assert info["url"] == hook.url
    assert first == again
    assert (first[0], first[1]["message"]["text"]) == ("s3cret", "/start")
