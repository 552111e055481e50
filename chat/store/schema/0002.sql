-- The full-text index. It holds no text, only where each token of chat.store.tokens is; its rowid
-- is the seq of the line. indexed() is a function of ours. The tokens are parted by spaces and need
-- no other treatment, so the plainest tokenizer serves.
--
-- prefix: one character is what a search for a single Chinese character asks for, and with one and
-- two no beginning of a word is in so many different words that putting them together takes long.
CREATE VIRTUAL TABLE word USING fts5 (
    tokens,
    content = '',
    columnsize = 0,
    prefix = '1 2',
    tokenize = 'ascii'
);

INSERT INTO word (rowid, tokens)
SELECT line.seq, indexed(line.room, CAST(line.nick AS BLOB), CAST(line.text AS BLOB))
FROM line ORDER BY line.seq;
