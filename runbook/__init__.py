"""A contingency-plan runner for call-centre technicians. Nothing is imported here: every command pays for it."""

__version__ = "0.1.0"
BUILT = "2026-01-01T00:00:00Z"
"""Before this moment no clock is right. It is moved on with each release."""
