"""An executor's session with the server: the machine that decides, and what carries it out."""
