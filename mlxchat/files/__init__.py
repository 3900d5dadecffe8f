"""The person's own files: folders, TOML, what is remembered."""
