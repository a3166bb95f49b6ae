"""The six teams."""

from enum import StrEnum


class Team(StrEnum):
    """A team of the network; the slug is the one people type."""

    EFS = "efs"
    PHARMACIE = "pharmacie"
    GREFFE = "greffe"
    REANIMATION = "reanimation"
    NEUROLOGIE = "neurologie"
    COORDINATION = "coordination"
