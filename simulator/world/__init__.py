"""What this Telegram holds: people, chats, a movable clock, faults, and what the bot did."""
