"""
How events read: L{chat.interfaces.Rendering}.
"""
