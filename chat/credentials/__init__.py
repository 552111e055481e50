"""
Passwords, and logins by C{twisted.cred}.
"""
