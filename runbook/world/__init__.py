"""Hands: the live ports (ICMP, TCP, SIP, HTTP, SSH, clock) and the lab."""
