"""
The store of lines (L{chat.interfaces.History}) and records (L{chat.interfaces.Ledger}), which
outlive a restart in SQLite, and not in memory.
"""
