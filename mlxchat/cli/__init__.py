"""The command line: `mlxchat` itself, and its commands beside the chat."""
