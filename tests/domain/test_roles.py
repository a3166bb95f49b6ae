"""One table says who may do what."""

import pytest

from bot.domain.roles import TEAMS_ALLOWED, Action, Team, may

COORDINATOR_ONLY = {
    Action.ENROL, Action.MOVE, Action.LATE, Action.HISTORY, Action.INVITE,
    Action.BIND, Action.TEAMS, Action.REMOVE, Action.UNDO_LATER,
}  # fmt: skip


@pytest.mark.parametrize("action", Action)
def test_every_action_has_its_teams(action: Action) -> None:
    allowed = {team for team in Team if may(team, action)}

    assert allowed == ({Team.COORDINATION} if action in COORDINATOR_ONLY else set(Team))


def test_the_table_holds_nothing_else() -> None:
    assert set(TEAMS_ALLOWED) == set(Action)
