"""The built-in client providers. They arrive by entry point like anyone's; nothing imports them by name."""
