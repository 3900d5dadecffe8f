"""`python -m mlxchat`."""

from mlxchat.cli import program

program()
