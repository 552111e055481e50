-- What is said, the rooms it is said in, and the records of chat.records.

-- floor: see chat.store.numbering.
-- clean: whether the store was closed in order, 1 or 0.
-- opening: a word that no other opening has, by which a file is known again.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO setting (name, value) VALUES ('floor', 0), ('clean', 1), ('opening', '');

-- last: the id of the line that was stored last.
-- mark: no greater id was ever given.
-- floor: up to which id everything is to be forgotten.
-- expired: up to which id nothing is kept any more, and expiredAt is the time of
-- the newest line among these.
CREATE TABLE room (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    last INTEGER NOT NULL DEFAULT 0,
    mark INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0,
    expiredAt INTEGER
) STRICT;

-- seq: the place of the line among those of all rooms; none is used twice.
-- at: microseconds since 1970 in UTC.
-- acted: 1 for an action (/me), 0 for a saying.
CREATE TABLE line (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    room INTEGER NOT NULL,
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    nick TEXT NOT NULL,
    text TEXT NOT NULL,
    acted INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX lineById ON line (room, id);

-- value: JSON; see chat.store.serialization.
CREATE TABLE fact (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
