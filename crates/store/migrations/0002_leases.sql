-- Work that waits stands in the row that it is about, with its lease: one lock decides who does it.
-- `tries` counts how often it was taken, so that what ends every process that touches it can be set aside.
ALTER TABLE captures ADD COLUMN lease_by TEXT;
ALTER TABLE captures ADD COLUMN lease_until_ms BIGINT;
ALTER TABLE captures ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
CREATE INDEX captures_waiting ON captures (id) WHERE state = 'kept';

ALTER TABLE askings ADD COLUMN lease_by TEXT;
ALTER TABLE askings ADD COLUMN lease_until_ms BIGINT;
ALTER TABLE askings ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
CREATE INDEX askings_waiting ON askings (id) WHERE signed_by IS NOT NULL AND packet_id IS NULL;

-- Who follows the store into which index. One follower writes to one index.
CREATE TABLE followers (
    id             TEXT PRIMARY KEY,
    lease_by       TEXT,
    lease_until_ms BIGINT,
    tries          BIGINT NOT NULL
);

-- A published ruleset assesses the posts of the last days again, in parts that are leased.
CREATE TABLE reassessments (
    id          TEXT PRIMARY KEY,
    ruleset     TEXT NOT NULL,
    since_ms    BIGINT NOT NULL,
    began_by    TEXT NOT NULL,
    began_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    parts       BIGINT NOT NULL,
    parts_done  BIGINT NOT NULL,
    posts       BIGINT NOT NULL,
    raised      BIGINT NOT NULL
);
CREATE INDEX reassessments_running ON reassessments (id) WHERE ended_at_ms IS NULL;

-- Posts with sequence numbers above `after_seq` up to `upto_seq`; those assessed meanwhile have left that stretch.
CREATE TABLE reassess_parts (
    id              TEXT PRIMARY KEY,
    reassessment_id TEXT NOT NULL,
    after_seq       BIGINT NOT NULL,
    upto_seq        BIGINT NOT NULL,
    done_at_ms      BIGINT,
    lease_by        TEXT,
    lease_until_ms  BIGINT,
    tries           BIGINT NOT NULL
);
CREATE INDEX reassess_parts_waiting ON reassess_parts (id) WHERE done_at_ms IS NULL;
CREATE INDEX reassess_parts_of ON reassess_parts (reassessment_id);
