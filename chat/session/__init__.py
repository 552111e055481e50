"""
One visit, whatever the way in.
"""
