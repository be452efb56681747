-- Columns are TEXT, BIGINT (also for times, UTC milliseconds) or DOUBLE PRECISION, so that one text serves SQLite and
-- PostgreSQL. JSON is TEXT, yes/no is a nullable time, ids are UUIDv7 as TEXT.

-- Counters that are taken under a row lock until commit: sequences grow in the order of commits.
-- `posts`, `alerts`: followers. `audit`: place of the last row, with its hash. `case:2026`, `packet:2026`, `pseudonym`.
CREATE TABLE heads (
    name TEXT PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE audit (
    seq     BIGINT PRIMARY KEY,
    at_ms   BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    prev    TEXT NOT NULL,
    hash    TEXT NOT NULL
);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE INDEX audit_prev ON audit (prev);

CREATE TABLE captures (
    id            TEXT PRIMARY KEY,
    identity      TEXT NOT NULL UNIQUE,
    sha256        TEXT NOT NULL,
    bytes         BIGINT NOT NULL,
    source        TEXT NOT NULL,
    method        TEXT NOT NULL,
    url           TEXT NOT NULL,
    story         TEXT NOT NULL,
    fetched_at_ms BIGINT NOT NULL,
    kept_at_ms    BIGINT NOT NULL,
    state         TEXT NOT NULL,
    recorded_upto BIGINT NOT NULL,
    problem       TEXT
);
CREATE INDEX captures_state ON captures (state, id);
CREATE INDEX captures_url ON captures (source, url);
CREATE INDEX captures_sha256 ON captures (sha256);

-- `capture_id` holds the current text; `seen_capture_id` is where the post was met last.
CREATE TABLE posts (
    id               TEXT PRIMARY KEY,
    seq              BIGINT NOT NULL,
    source           TEXT NOT NULL,
    native_id        TEXT NOT NULL,
    url              TEXT,
    title            TEXT,
    text             TEXT NOT NULL,
    author           TEXT,
    author_id        TEXT,
    posted_at_ms     BIGINT,
    edited_at_ms     BIGINT,
    thread           TEXT,
    parent           TEXT,
    extra            TEXT,
    capture_id       TEXT NOT NULL,
    seen_capture_id  TEXT NOT NULL,
    byte_start       BIGINT,
    byte_end         BIGINT,
    first_seen_at_ms BIGINT NOT NULL,
    version_at_ms    BIGINT NOT NULL,
    last_seen_at_ms  BIGINT NOT NULL,
    missing_since_ms BIGINT,
    gone_at_ms       BIGINT,
    version          BIGINT NOT NULL,
    ruleset          TEXT,
    stance           TEXT,
    points           BIGINT NOT NULL,
    families         TEXT NOT NULL,
    campaign_id      TEXT,
    UNIQUE (source, native_id)
);
CREATE UNIQUE INDEX posts_seq ON posts (seq);
CREATE INDEX posts_unassessed ON posts (seq) WHERE ruleset IS NULL;
CREATE INDEX posts_campaign ON posts (campaign_id) WHERE campaign_id IS NOT NULL;
CREATE INDEX posts_seen_capture ON posts (seen_capture_id);

-- Texts that were replaced; the current one stands in `posts`.
CREATE TABLE versions (
    post_id    TEXT NOT NULL,
    number     BIGINT NOT NULL,
    title      TEXT,
    text       TEXT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    capture_id TEXT NOT NULL,
    PRIMARY KEY (post_id, number)
);

-- Other addresses and pages under which a post was met.
CREATE TABLE aliases (
    post_id TEXT NOT NULL,
    url     TEXT NOT NULL,
    at_ms   BIGINT NOT NULL,
    PRIMARY KEY (post_id, url)
);

CREATE TABLE campaigns (
    id          TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    posts       BIGINT NOT NULL,
    opened_at_ms BIGINT NOT NULL
);

CREATE TABLE assessments (
    id      TEXT PRIMARY KEY,
    post_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    ruleset TEXT NOT NULL,
    body    TEXT NOT NULL,
    facts   TEXT NOT NULL,
    at_ms   BIGINT NOT NULL
);
CREATE INDEX assessments_post ON assessments (post_id, id);

CREATE TABLE contacts (
    id    TEXT PRIMARY KEY,
    kind  TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (kind, value)
);
CREATE TABLE post_contacts (
    contact_id TEXT NOT NULL,
    post_id    TEXT NOT NULL,
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (contact_id, post_id)
);
CREATE INDEX post_contacts_post ON post_contacts (post_id);

-- Both queues. `leader_id` names the open item that stands for the campaign in the list; none: it stands for itself.
CREATE TABLE alerts (
    id               TEXT PRIMARY KEY,
    seq              BIGINT NOT NULL,
    queue            TEXT NOT NULL,
    state            TEXT NOT NULL,
    post_id          TEXT NOT NULL,
    version          BIGINT NOT NULL,
    assessment_id    TEXT,
    priority         BIGINT NOT NULL,
    priority_reasons TEXT NOT NULL,
    families         TEXT NOT NULL,
    stance           TEXT NOT NULL,
    points           BIGINT NOT NULL,
    probability      DOUBLE PRECISION NOT NULL,
    raised_at_ms     BIGINT NOT NULL,
    raised_by        TEXT,
    due_at_ms        BIGINT NOT NULL,
    campaign_id      TEXT,
    leader_id        TEXT,
    case_id          TEXT,
    merged_into      TEXT,
    claimed_by       TEXT,
    claimed_until_ms BIGINT
);
CREATE UNIQUE INDEX alerts_seq ON alerts (seq);
CREATE INDEX alerts_queue ON alerts (queue, state, priority, due_at_ms, id);
CREATE INDEX alerts_post ON alerts (post_id);
CREATE INDEX alerts_case ON alerts (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX alerts_campaign ON alerts (campaign_id, queue, state) WHERE campaign_id IS NOT NULL;
CREATE INDEX alerts_leader ON alerts (leader_id) WHERE leader_id IS NOT NULL;

CREATE TABLE decisions (
    id         TEXT PRIMARY KEY,
    group_id   TEXT NOT NULL,
    alert_id   TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    note       TEXT,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    by_user    TEXT NOT NULL,
    at_ms      BIGINT NOT NULL,
    undoes     TEXT,
    undone_by  TEXT,
    case_id    TEXT
);
CREATE INDEX decisions_alert ON decisions (alert_id, id);
CREATE INDEX decisions_group ON decisions (group_id);
CREATE INDEX decisions_user ON decisions (by_user, id);
CREATE INDEX decisions_case ON decisions (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE cases (
    id             TEXT PRIMARY KEY,
    number         TEXT NOT NULL UNIQUE,
    title          TEXT NOT NULL,
    state          TEXT NOT NULL,
    returned_at_ms BIGINT,
    opened_by      TEXT NOT NULL,
    opened_at_ms   BIGINT NOT NULL,
    updated_at_ms  BIGINT NOT NULL
);
CREATE INDEX cases_updated ON cases (updated_at_ms, id);

CREATE TABLE notes (
    id      TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    text    TEXT NOT NULL,
    by_user TEXT NOT NULL,
    at_ms   BIGINT NOT NULL
);
CREATE INDEX notes_case ON notes (case_id, id);

-- One asking is one way out: first signature, second signature, packet. `ended_at_ms` when declined or returned.
CREATE TABLE askings (
    id            TEXT PRIMARY KEY,
    case_id       TEXT NOT NULL,
    unit_id       TEXT NOT NULL,
    reason        TEXT NOT NULL,
    asked_by      TEXT NOT NULL,
    asked_at_ms   BIGINT NOT NULL,
    signed_by     TEXT,
    signed_at_ms  BIGINT,
    declined_by   TEXT,
    ended_at_ms   BIGINT,
    ended_reason  TEXT,
    packet_id     TEXT
);
CREATE INDEX askings_case ON askings (case_id, id);
CREATE UNIQUE INDEX askings_one ON askings (case_id) WHERE ended_at_ms IS NULL;

CREATE TABLE packets (
    id           TEXT PRIMARY KEY,
    state        TEXT NOT NULL,
    asking_id    TEXT NOT NULL UNIQUE,
    case_id      TEXT NOT NULL,
    unit_id      TEXT NOT NULL,
    priority     BIGINT NOT NULL,
    asked_by     TEXT NOT NULL,
    signed_by    TEXT NOT NULL,
    sealed_at_ms BIGINT NOT NULL,
    sums_sha256  TEXT NOT NULL,
    file_sha256  TEXT NOT NULL,
    bytes        BIGINT NOT NULL,
    supersedes   TEXT,
    CHECK (asked_by <> signed_by)
);
CREATE INDEX packets_unit ON packets (unit_id, id);
CREATE INDEX packets_case ON packets (case_id, id);

CREATE TABLE receipts (
    id          TEXT PRIMARY KEY,
    packet_id   TEXT NOT NULL,
    kind        TEXT NOT NULL,
    by_user     TEXT NOT NULL,
    at_ms       BIGINT NOT NULL,
    sums_sha256 TEXT NOT NULL,
    answer      TEXT,
    note        TEXT
);
CREATE INDEX receipts_packet ON receipts (packet_id, id);

CREATE TABLE takedowns (
    id            TEXT PRIMARY KEY,
    post_id       TEXT NOT NULL,
    case_id       TEXT NOT NULL,
    platform      TEXT NOT NULL,
    state         TEXT NOT NULL,
    asked_by      TEXT NOT NULL,
    asked_at_ms   BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    note          TEXT
);
CREATE INDEX takedowns_case ON takedowns (case_id, id);

CREATE TABLE units (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    contact TEXT
);

CREATE TABLE users (
    id              TEXT PRIMARY KEY,
    login           TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    role            TEXT NOT NULL,
    unit_id         TEXT,
    pseudonym       TEXT NOT NULL UNIQUE,
    password_hash   TEXT NOT NULL,
    disabled_at_ms  BIGINT,
    failed_logins   BIGINT NOT NULL,
    locked_until_ms BIGINT,
    created_at_ms   BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_sha256    TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    last_seen_at_ms BIGINT NOT NULL,
    expires_at_ms   BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE proposals (
    id             TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,
    body           TEXT NOT NULL,
    reason         TEXT NOT NULL,
    proposed_by    TEXT NOT NULL,
    proposed_at_ms BIGINT NOT NULL,
    decided_by     TEXT,
    decided_at_ms  BIGINT,
    approved_at_ms BIGINT
);
CREATE INDEX proposals_waiting ON proposals (id) WHERE decided_at_ms IS NULL;

CREATE TABLE rulesets (
    id              TEXT PRIMARY KEY,
    recorded_at_ms  BIGINT NOT NULL,
    recorded_by     TEXT NOT NULL,
    published_at_ms BIGINT,
    files           TEXT NOT NULL
);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE sources (
    id               TEXT PRIMARY KEY,
    toml             TEXT NOT NULL,
    params           TEXT NOT NULL,
    state            TEXT NOT NULL,
    access           TEXT NOT NULL,
    problem          TEXT,
    added_at_ms      BIGINT NOT NULL,
    updated_at_ms    BIGINT NOT NULL,
    last_visit_at_ms BIGINT,
    posts            BIGINT NOT NULL
);

CREATE TABLE frontier (
    source           TEXT NOT NULL,
    url              TEXT NOT NULL,
    kind             TEXT NOT NULL,
    host             TEXT NOT NULL,
    due_at_ms        BIGINT,
    depth            BIGINT NOT NULL,
    memo             TEXT,
    lease_by         TEXT,
    lease_until_ms   BIGINT,
    etag             TEXT,
    last_modified    TEXT,
    last_sha256      TEXT,
    fails            BIGINT NOT NULL,
    last_visit_at_ms BIGINT,
    PRIMARY KEY (source, url)
);
CREATE INDEX frontier_due ON frontier (host, due_at_ms);
CREATE INDEX frontier_source ON frontier (source, due_at_ms);

-- Pace and lease of a host stand in one row, so that one lock decides who may go there.
CREATE TABLE hosts (
    host           TEXT PRIMARY KEY,
    next_at_ms     BIGINT NOT NULL,
    last_at_ms     BIGINT,
    fails          BIGINT NOT NULL,
    lease_by       TEXT,
    lease_until_ms BIGINT
);

CREATE TABLE seen (
    source     TEXT NOT NULL,
    native_id  TEXT NOT NULL,
    changed    TEXT NOT NULL,
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (source, native_id)
);

CREATE TABLE robots (
    origin        TEXT PRIMARY KEY,
    fetched_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    status        BIGINT,
    body          TEXT,
    verdict       TEXT NOT NULL
);

CREATE TABLE fetches (
    id         TEXT PRIMARY KEY,
    source     TEXT NOT NULL,
    url        TEXT NOT NULL,
    at_ms      BIGINT NOT NULL,
    allowed_by TEXT NOT NULL,
    gap_ms     BIGINT,
    took_ms    BIGINT NOT NULL,
    status     BIGINT,
    outcome    TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    capture_id TEXT
);
CREATE INDEX fetches_source ON fetches (source, id);

INSERT INTO heads (name, seq, hash) VALUES ('posts', 0, ''), ('alerts', 0, '');
