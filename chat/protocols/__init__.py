"""
The front doors, and what they share: each door is a codec that makes commands of bytes.
"""
