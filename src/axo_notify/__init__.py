"""Tells people in their chats what becomes of their jobs, and answers them there: a client of the service."""
