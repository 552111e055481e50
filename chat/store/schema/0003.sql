-- The lines of a room in spans of 256 ids.  A clock may be set, so they are not always in the order
-- of time; by this table the lines since some time are found without reading all of them.
--
-- number: the ids of the span divided by 256.
-- newest: the time of the newest line that was ever in it.
CREATE TABLE span (
    room INTEGER NOT NULL,
    number INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    PRIMARY KEY (room, number)
) STRICT, WITHOUT ROWID;

-- Row by row, since sorting millions of lines takes much memory.
INSERT INTO span (room, number, newest) SELECT room, id >> 8, at FROM line WHERE TRUE
ON CONFLICT (room, number) DO UPDATE SET newest = max(newest, excluded.newest);
