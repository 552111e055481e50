"""
Users, their sessions, and the rooms they are in.
"""
