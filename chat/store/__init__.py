"""
What keeps the lines that are said: L{chat.interfaces.History}.
"""
