"""The web, as far as characters read it."""
