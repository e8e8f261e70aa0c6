"""A contingency-plan runner for call-centre technicians. Nothing is imported here: every command pays for it."""

__version__ = "0.1.0"
