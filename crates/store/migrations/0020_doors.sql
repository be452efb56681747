-- The doors beside the crawler: previews of sources, streams, tips, pictures that people bring.

-- Fingerprint of the text and parameters that a person has seen posts of.
ALTER TABLE sources ADD COLUMN previewed TEXT;

-- The posts around one, and the posts of an account that is gone.
CREATE INDEX posts_thread ON posts (source, thread) WHERE thread IS NOT NULL;
CREATE INDEX posts_author ON posts (source, author_id) WHERE author_id IS NOT NULL;

-- A picture is a capture of its own, beside the capture of the text that it came with.
CREATE TABLE pictures (
    capture_id TEXT NOT NULL,
    picture_id TEXT NOT NULL,
    PRIMARY KEY (capture_id, picture_id)
);

-- Of a tip: its post has the same native id, in the source `tip`. Nothing says where it came from.
CREATE TABLE tips (
    id             TEXT PRIMARY KEY,
    code_sha256    TEXT NOT NULL UNIQUE,
    danger_at_ms   BIGINT,
    received_at_ms BIGINT NOT NULL,
    read_at_ms     BIGINT,
    read_by        TEXT
);
CREATE INDEX tips_unread ON tips (id) WHERE read_at_ms IS NULL;

-- Apart from the tip, sealed with a key that the database does not hold.
CREATE TABLE tip_contacts (
    tip_id TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,
    at_ms  BIGINT NOT NULL
);

CREATE TABLE tip_answers (
    id      TEXT PRIMARY KEY,
    tip_id  TEXT NOT NULL,
    text    TEXT NOT NULL,
    by_user TEXT NOT NULL,
    at_ms   BIGINT NOT NULL
);
CREATE INDEX tip_answers_tip ON tip_answers (tip_id, id);
