"""Use cases: admit, load the record, ask one rule; the unit writes at its end."""
