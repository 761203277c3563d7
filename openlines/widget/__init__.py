"""The customer's live chat (spec §13): the loader for his pages, the chat's frame, and the API behind it."""
