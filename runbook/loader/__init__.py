"""Hands: playbook and site files, read strictly, every problem at once with its position."""
