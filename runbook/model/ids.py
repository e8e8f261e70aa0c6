"""What an id of the language is: known to the shell's completion too, which must not wait for the models."""

ID = r"[a-z0-9][a-z0-9-]{0,63}"
