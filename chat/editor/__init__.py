"""
A line editor without I/O: what keys do to the line that is being typed.
"""
