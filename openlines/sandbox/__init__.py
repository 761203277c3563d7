"""Try your line: a conversation with a line's settings on a virtual clock. Nothing is stored and nobody is written to."""
