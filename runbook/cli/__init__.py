"""Door: one file per command; parses, wires the ports together, returns an exit code."""
