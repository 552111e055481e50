"""
What outlives a restart: lines (L{chat.interfaces.History}) and records
(L{chat.interfaces.Ledger}), in SQLite or in memory.
"""
