"""Slash commands in chats. What they answer is in `commands.py`; a chat is one file and a section of the settings."""
