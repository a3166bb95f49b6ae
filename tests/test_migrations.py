"""Migrations: they give the tables of the models, and say where a database stands."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

from bot import migrations
from bot.migrations import SchemaError, State
from bot.store.database import open_engine


@pytest.fixture
def blank(blank_url: str) -> Iterator[Engine]:
    engine = open_engine(blank_url)
    yield engine
    engine.dispose()


def pretend(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def test_an_empty_database_gets_the_tables_of_the_models(blank: Engine) -> None:
    assert migrations.state(blank) is State.EMPTY

    migrations.ensure(blank)

    assert migrations.state(blank) is State.CURRENT
    with blank.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_current_database_is_left_as_it_is(blank: Engine) -> None:
    migrations.upgrade(blank)

    migrations.ensure(blank)
    migrations.upgrade(blank)

    assert migrations.state(blank) is State.CURRENT


def test_a_newer_database_is_refused_with_what_to_do(blank: Engine) -> None:
    migrations.upgrade(blank)
    pretend(blank, "9999")

    assert migrations.state(blank) is State.NEWER
    with pytest.raises(SchemaError, match="newer than the program"):
        migrations.ensure(blank)


def test_an_older_database_is_refused_with_what_to_do(
    blank: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations.upgrade(blank)
    monkeypatch.setattr(migrations, "state", lambda _: State.OLDER)

    with pytest.raises(SchemaError, match="run python -m bot migrate"):
        migrations.ensure(blank)


def test_an_upgrade_that_fails_leaves_nothing_behind(blank: Engine) -> None:
    with blank.begin() as connection:
        connection.execute(text("CREATE TABLE relay (id INTEGER)"))

    with pytest.raises(Exception, match="relay"):
        migrations.upgrade(blank)

    assert inspect(blank).get_table_names() == ["relay"]
