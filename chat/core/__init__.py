"""
Who is where.
"""
