"""Face: the screen and the questions; reads events and runs nothing."""
