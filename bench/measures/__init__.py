"""Each module measures one thing: its `measure()` gives lines of the table."""
