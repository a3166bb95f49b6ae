"""Storyboards: read from files, played with the learner, debriefed."""
