"""The headless core of a chat: every front end drives this."""
