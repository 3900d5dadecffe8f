"""The conversation on the screen: one widget over cached lines."""
