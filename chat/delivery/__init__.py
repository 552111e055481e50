"""
Bytes out: the hot path from a room to the kernel.
"""
