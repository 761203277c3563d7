"""What every test may use; the domain's own fixtures live beside their tests."""
