"""Hands: incident folders, the journal and the evidence."""
