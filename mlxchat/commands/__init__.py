"""The one registry of commands, and what they do in any front end."""
