"""The journey of one message, in plain words: where it has been, when, and what it waits for now.

``rows.py`` reads what is known with a bounded number of statements, ``story.py`` makes the journey of it: pure, no
HTML, no database. ``incoming.py``, ``outgoing.py``, ``told.py`` and ``waiting.py`` know the words of their parts.
"""
