"""
A chat service: commands in, events out.

A front door is a parser for one vocabulary (L{chat.vocabulary.commands}) and a
rendering of the other (L{chat.vocabulary.events}). All front doors share one
L{chat.core.hub.Hub}, so all users meet in the same rooms.
"""

__version__ = "1.0.0"
