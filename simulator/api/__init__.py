"""The strict local Bot API: what a bot asks over HTTP, and what Telegram answers or refuses."""
