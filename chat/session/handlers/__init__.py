"""
Handlers: each carries out one command, once the state of the session allows it.
"""
