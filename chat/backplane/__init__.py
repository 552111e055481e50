"""
Backplanes, which several processes of one service would share: L{chat.interfaces.Backplane}.
"""
