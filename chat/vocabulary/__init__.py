"""
Values and pure functions that everything else is made of.  Nothing here knows Twisted.
"""
