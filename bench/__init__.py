"""Figures: each module measures one thing and prints it from its `main`."""
