"""What the product decides: pure functions of facts and ``now``. No Django, no clock, no I/O."""
