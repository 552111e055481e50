"""
Who is who: passwords, and L{chat.interfaces.Authenticator} by C{twisted.cred}.
"""
