"""The versions of pathways that patients started with, each kept once, by its content."""

from hashlib import sha256

from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from bot import models
from bot.domain.pathway import Pathway
from bot.pathways import from_json, to_json
from bot.store.statements import upsert

versions = SQLModel.metadata.tables[str(models.PathwayVersion.__tablename__)]

_read: dict[str, Pathway] = {}
"""By digest: what a digest names never changes, so every unit of this process may share it."""
_written: dict[int, tuple[Pathway, dict[str, str]]] = {}
"""By identity, which holds as long as the pathway is kept beside it: hashing one is dear."""


class Versions:
    """What a digest stands for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, digest: str) -> Pathway:
        if digest not in _read:
            found = select(versions.c.definition).where(versions.c.digest == digest)
            _read[digest] = from_json(self._connection.execute(found).scalar_one())
        return _read[digest]

    def keep(self, pathway: Pathway) -> str:
        """Its digest, now that it is kept."""
        if id(pathway) not in _written:
            definition = to_json(pathway)
            # By content and not by number: a file edited without a new version is another pathway.
            digest = sha256(definition.encode()).hexdigest()[:32]
            _written[id(pathway)] = (pathway, {"digest": digest, "definition": definition})
        row = _written[id(pathway)][1]
        upsert(self._connection, versions, [row])
        return row["digest"]
