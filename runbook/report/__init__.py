"""Face: reports as a fold of the events; runs nothing."""
