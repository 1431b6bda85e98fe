"""Reading BIRD: control socket, grammar, parser, models and clock."""
