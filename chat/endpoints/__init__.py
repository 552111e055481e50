"""
Where to listen, and with which certificate.
"""
