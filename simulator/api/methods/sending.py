"""Sending: texts, photos and documents, with everything that Telegram refuses in them."""

from typing import Any

from simulator.api import keyboards, markup, pictures
from simulator.api.params import Params
from simulator.api.schema import Upload
from simulator.errors import Refusal
from simulator.world import entities, objects
from simulator.world.people import Blob, Chat, Message
from simulator.world.state import World

MAX_TEXT = 4096
MAX_CAPTION = 1024
# Telegram looks at no text longer than this before parsing it.
MAX_RAW_BYTES = 1 << 15
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES = 50 * 1024 * 1024
MAX_PHOTO_SIDES = 10_000
MAX_PHOTO_RATIO = 20
ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)


def send_message(world: World, params: Params) -> object:
    content = text_content(params)
    return objects.message(_post(world, params, content))


def send_photo(world: World, params: Params) -> object:
    caption = caption_content(params)
    world.reach(params["chat_id"])
    blob = _stored(world, params["photo"], "photo", MAX_PHOTO_BYTES)
    size = pictures.size(blob.content)
    if size is None:
        raise Refusal("IMAGE_PROCESS_FAILED")
    if sum(size) > MAX_PHOTO_SIDES or max(size) > MAX_PHOTO_RATIO * min(size):
        raise Refusal("PHOTO_INVALID_DIMENSIONS")
    content = {"photo": objects.photo(blob, size)} | caption
    return objects.message(_post(world, params, content))


def send_document(world: World, params: Params) -> object:
    caption = caption_content(params)
    world.reach(params["chat_id"])
    blob = _stored(world, params["document"], "document", MAX_DOCUMENT_BYTES)
    content = {"document": objects.document(blob)} | caption
    return objects.message(_post(world, params, content))


def send_chat_action(world: World, params: Params) -> object:
    world.reach(params["chat_id"])
    if params["action"] not in ACTIONS:
        raise Refusal("wrong parameter action in request")
    world.tell("action", chat=params["chat_id"], action=params["action"])
    return True


def text_content(params: Params) -> dict[str, Any]:
    """Text and entities of a message that is sent or edited."""
    text, found = _parsed(params["text"], params, "entities")
    if not text:
        raise Refusal("text must be non-empty")
    if len(text) > MAX_TEXT:
        raise Refusal("message is too long")
    return {"text": text} | ({"entities": found} if found else {})


def caption_content(params: Params) -> dict[str, Any]:
    """Caption and entities of a photo or document."""
    text, found = _parsed(params.get("caption", ""), params, "caption_entities")
    if len(text) > MAX_CAPTION:
        raise Refusal("message caption is too long")
    content: dict[str, Any] = {"caption": text} if text else {}
    return content | ({"caption_entities": found} if found else {})


def _parsed(text: str, params: Params, given_as: str) -> tuple[str, list[entities.Entity]]:
    if len(text.encode()) > MAX_RAW_BYTES:
        raise Refusal("text is too long")
    mode = params.get("parse_mode", "")
    if mode and mode.lower() != "none":
        text, given = markup.parse(text, mode)
    else:
        given = entities.checked(text, params.get(given_as, []))
    text, given = entities.trimmed(text, given)
    return text, entities.merged(text, given)


def _post(world: World, params: Params, content: dict[str, Any]) -> Message:
    chat = world.reach(params["chat_id"])
    # Of the rights that administrators have here, managing topics is none.
    if chat.topic_closed:
        raise Refusal("TOPIC_CLOSED")
    reply_markup = keyboards.checked(params.get("reply_markup"))
    answered = _answered(world, chat, params.get("reply_parameters"))
    return world.post(
        chat,
        world.bot,
        content,
        reply_to=answered,
        markup=reply_markup,
        silent=params.get("disable_notification", False),
        protected=params.get("protect_content", False),
    )


def _answered(world: World, chat: Chat, reply: dict[str, Any] | None) -> Message | None:
    if reply is None:
        return None
    message = world.message(chat, reply["message_id"])
    if message is None and not reply.get("allow_sending_without_reply", False):
        raise Refusal("message to be replied not found")
    return message


def _stored(world: World, given: object, what: str, limit: int) -> Blob:
    if isinstance(given, Upload):
        if not given.content:
            raise Refusal("file must be non-empty")
        if len(given.content) > limit:
            raise Refusal("Request Entity Too Large", 413)
        return world.store(given.name or what, given.mime, given.content)
    blob = world.files.get(str(given))
    if blob is None:
        raise Refusal("wrong file identifier/HTTP URL specified")
    return blob
