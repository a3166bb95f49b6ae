"""The six teams, and the slugs by which they are typed and kept."""

from bot.domain.roles import Team


def test_the_slugs_are_those_of_the_contract() -> None:
    assert [team.value for team in Team] == [
        "efs",
        "pharmacie",
        "greffe",
        "reanimation",
        "neurologie",
        "coordination",
    ]


def test_a_team_is_written_as_its_slug() -> None:
    assert f"{Team.GREFFE}" == str(Team.GREFFE) == "greffe"
