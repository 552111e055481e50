"""
The front doors: each a parser for commands and a way for events out.
"""
