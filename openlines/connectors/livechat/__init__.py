"""Live chat: needs no connector (its messages are written by ``openlines.widget``), only its options."""
