"""What stands beside the bot: the least that each library needs for the same calls."""
