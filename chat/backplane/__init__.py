"""
What several processes would share: L{chat.interfaces.Backplane}.
"""
