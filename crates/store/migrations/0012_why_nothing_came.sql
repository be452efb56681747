-- What is wrong with a source: one row a cause and spell. It is over when a visit sees the contrary.
-- `part` says where it was seen: `start` (lists, feeds, sitemaps) or `detail`.
CREATE TABLE alarms (
    id               TEXT PRIMARY KEY,
    source           TEXT NOT NULL,
    cause            TEXT NOT NULL,
    part             TEXT NOT NULL,
    detail           TEXT NOT NULL,
    url              TEXT,
    opened_at_ms     BIGINT NOT NULL,
    last_at_ms       BIGINT NOT NULL,
    times            BIGINT NOT NULL,
    cleared_at_ms    BIGINT,
    told_at_ms       BIGINT,
    told_clear_at_ms BIGINT
);
CREATE UNIQUE INDEX alarms_one ON alarms (source, cause) WHERE cleared_at_ms IS NULL;
CREATE INDEX alarms_source ON alarms (source, id);
CREATE INDEX alarms_untold ON alarms (id) WHERE told_at_ms IS NULL OR (cleared_at_ms IS NOT NULL AND told_clear_at_ms IS NULL);

-- Pages on which posts stood that could not be read whole. Their originals are kept; a page that reads well leaves.
CREATE TABLE quarantine (
    source     TEXT NOT NULL,
    url        TEXT NOT NULL,
    capture_id TEXT NOT NULL,
    posts      BIGINT NOT NULL,
    problem    TEXT NOT NULL,
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (source, url)
);

-- What a source brought, by day of Việt Nam (days since 1970-01-01).
CREATE TABLE source_days (
    source   TEXT NOT NULL,
    day      BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    pages    BIGINT NOT NULL,
    posts    BIGINT NOT NULL,
    news     BIGINT NOT NULL,
    refused  BIGINT NOT NULL,
    troubled BIGINT NOT NULL,
    PRIMARY KEY (source, day)
);

ALTER TABLE sources ADD COLUMN last_success_at_ms BIGINT;
ALTER TABLE sources ADD COLUMN last_news_at_ms BIGINT;
ALTER TABLE frontier ADD COLUMN problem TEXT;
-- When the text in `body` was fetched: it outlives a newer answer that could not be read.
ALTER TABLE robots ADD COLUMN good_at_ms BIGINT;
