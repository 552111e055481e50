"""
What those who run the service need of it: its state for the service manager, its numbers.
"""
