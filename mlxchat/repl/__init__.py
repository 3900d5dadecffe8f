"""The front end without a screen: a prompt, and what is written above it stays."""
