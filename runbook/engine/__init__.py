"""Verbs: decides what may run next, and walks."""
