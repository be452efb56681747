-- Erasure, legal hold and retention.

-- An erased post keeps its row, without a word of it, so that the same post is not taken in again.
ALTER TABLE posts ADD COLUMN erased_at_ms BIGINT;
ALTER TABLE posts ADD COLUMN pseudonymised_at_ms BIGINT;
ALTER TABLE cases ADD COLUMN erased_at_ms BIGINT;
ALTER TABLE packets ADD COLUMN gone_at_ms BIGINT;
-- When the step that was approved was taken.
ALTER TABLE proposals ADD COLUMN done_at_ms BIGINT;

-- `sha256` stays what came in. `kept_sha256` is the original with stretches blanked; `gone_at_ms`: there is none any more.
ALTER TABLE captures ADD COLUMN kept_sha256 TEXT;
ALTER TABLE captures ADD COLUMN gone_at_ms BIGINT;
CREATE INDEX captures_kept ON captures (kept_sha256) WHERE kept_sha256 IS NOT NULL;

-- Further captures in which a post stood, beside the one of its current text: all of them must go with it.
CREATE TABLE sightings (
    post_id    TEXT NOT NULL,
    capture_id TEXT NOT NULL,
    byte_start BIGINT,
    byte_end   BIGINT,
    PRIMARY KEY (post_id, capture_id)
);
-- Which texts an original serves: neighbours decide whether it may go.
CREATE INDEX posts_capture ON posts (capture_id);
CREATE INDEX versions_capture ON versions (capture_id);
CREATE INDEX sightings_capture ON sightings (capture_id);

-- The erasure list. It leaves for a file that is kept elsewhere, and is done again on a restored backup.
-- `settled_at_ms`: when the last original that held the text was gone.
CREATE TABLE erasures (
    seq           BIGINT PRIMARY KEY,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL UNIQUE,
    source        TEXT NOT NULL,
    native_id     TEXT NOT NULL,
    cause         TEXT NOT NULL,
    at_ms         BIGINT NOT NULL,
    settled_at_ms BIGINT
);
CREATE INDEX erasures_unsettled ON erasures (seq) WHERE settled_at_ms IS NULL;

-- Originals that no row needs any more, until their files are gone.
CREATE TABLE doomed (
    sha256 TEXT PRIMARY KEY,
    at_ms  BIGINT NOT NULL
);

CREATE TABLE holds (
    id           TEXT PRIMARY KEY,
    case_id      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    set_by       TEXT NOT NULL,
    set_at_ms    BIGINT NOT NULL,
    lifted_by    TEXT,
    lifted_at_ms BIGINT,
    lift_reason  TEXT
);
CREATE UNIQUE INDEX holds_one ON holds (case_id) WHERE lifted_at_ms IS NULL;
