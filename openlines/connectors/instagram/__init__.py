"""Instagram messages, by either log-in: Instagram's own, or the linked Facebook page."""
