"""
What each command does, once the state of the session allows it.
"""
