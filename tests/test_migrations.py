"""Migrations: they give the tables of the models, and say where a database stands."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlmodel import Session, SQLModel

from bot import migrations
from bot.migrations import SchemaError, State
from bot.models import Patient, Step
from bot.store.database import open_engine

NOON = datetime(2026, 4, 14, 12, tzinfo=UTC)


@pytest.fixture
def blank(blank_url: str) -> Iterator[Engine]:
    engine = open_engine(blank_url)
    yield engine
    engine.dispose()


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later program: ours and one more."""
    scripts = tmp_path / "later"
    shutil.copytree(migrations.HERE, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(scripts)).get_current_head()
    (scripts / "versions" / "9000_later.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision, down_revision = '9000', {head!r}\n"
        "def upgrade():\n    with op.batch_alter_table('patient') as table:\n"
        "        table.alter_column('ending', existing_type=sa.String(), nullable=True)\n",
        "utf-8",
    )
    return scripts


def a_patient() -> Patient:
    day = date(2026, 4, 14)
    return Patient(
        code="TLS-7K4Q",
        centre="TLS",
        product="yescarta",
        rcp_on=day,
        apheresis_on=day,
        day0_on=day,
        discharge_on=day,
        created_at=NOON,
    )


def a_step(patient_id: int) -> Step:
    return Step(
        patient_id=patient_id, slug="rcp", position=0, team="efs", on=NOON.date(), due_at=NOON
    )


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


def test_a_newer_database_is_refused_with_what_to_do(blank: Engine, later: Path) -> None:
    migrations.upgrade(blank, later)

    assert migrations.state(blank) is State.NEWER
    with pytest.raises(SchemaError, match="newer than the program"):
        migrations.ensure(blank)


def test_an_older_database_is_refused_until_it_is_migrated(blank: Engine, later: Path) -> None:
    migrations.upgrade(blank)

    assert migrations.state(blank, later) is State.OLDER
    with pytest.raises(SchemaError, match="run python -m bot migrate"):
        migrations.ensure(blank, later)

    migrations.upgrade(blank, later)
    assert migrations.state(blank, later) is State.CURRENT


def test_a_table_that_others_refer_to_can_be_changed(blank: Engine, later: Path) -> None:
    migrations.upgrade(blank)
    with Session(blank) as session:
        session.add(a_patient())
        session.flush()
        session.add(a_step(patient_id=1))
        session.commit()

    migrations.upgrade(blank, later)

    with blank.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM step")).scalar() == 1
        assert connection.execute(text("SELECT code FROM patient")).scalar() == "TLS-7K4Q"


def test_an_upgrade_that_fails_leaves_nothing_behind(blank: Engine) -> None:
    with blank.begin() as connection:
        connection.execute(text("CREATE TABLE relay (id INTEGER)"))

    with pytest.raises(Exception, match="relay"):
        migrations.upgrade(blank)

    assert inspect(blank).get_table_names() == ["relay"]


def test_a_database_without_tables_is_not_read_but_said_to_be_empty(blank: Engine) -> None:
    with pytest.raises(SchemaError, match="empty"):
        migrations.require(blank)

    migrations.upgrade(blank)

    migrations.require(blank)
