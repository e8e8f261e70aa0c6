"""Nouns: frozen data, units, events, the state fold, clocks, error codes and the ports. Nothing here touches the world."""
