"""Pure rules: standard library only; no clock, no SQL, no Telegram, no language."""
