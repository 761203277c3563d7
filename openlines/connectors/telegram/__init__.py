"""Telegram bots. ``parse`` reads updates, ``send`` sends, ``webhook`` sets up, ``fake`` plays Telegram."""
