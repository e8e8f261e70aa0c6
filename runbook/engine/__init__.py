"""Verbs: decide what may run next, walk, recover."""
