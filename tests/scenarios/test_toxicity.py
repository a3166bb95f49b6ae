"""Toxicity rounds: asked at their hours, of the right team, answered, escalated or missed."""

from bot.domain.roles import Team
from tests.hospital import Hospital


async def test_first_round(ward: Hospital) -> None:
    [code] = await ward.injected()
    with ward.heard(ward.chat(Team.GREFFE)) as heard:
        await ward.at("2026-04-27T14:00")
    assert len(heard) == 1
    await ward.ras(Team.GREFFE, code)
