"""
The C{tcpchat} command.
"""
