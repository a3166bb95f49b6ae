"""Use cases: each takes a Unit and gives back what happened."""
