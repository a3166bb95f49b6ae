"""Files that the bot may fetch."""

from simulator.api.params import Params
from simulator.errors import Refusal
from simulator.world import objects
from simulator.world.state import World

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


def get_file(world: World, params: Params) -> object:
    blob = world.files.get(params["file_id"])
    if blob is None:
        raise Refusal("invalid file_id")
    if len(blob.content) > MAX_DOWNLOAD_BYTES:
        raise Refusal("file is too big")
    return objects.file(blob)
