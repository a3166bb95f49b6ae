"""Words as people type them, brought to one form."""

from unicodedata import combining, normalize


def bare(typed: str) -> str:
    """Letters and digits only, lower case, without accents: « Aphérèse » is `apherese`."""
    decomposed = normalize("NFKD", typed.casefold())
    return "".join(c for c in decomposed if c.isalnum() and not combining(c))
