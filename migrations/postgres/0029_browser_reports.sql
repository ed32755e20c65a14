-- What browsers reported about our pages, each once, see src/features/browser_reports/. At most 1000 rows.
CREATE TABLE browser_reports (
    id          UUID        PRIMARY KEY,
    -- The type of the report, such as 'csp-violation'.
    kind        TEXT        NOT NULL,
    -- The route of the page, such as '/reset/{token}', so that no secret of a URL is kept.
    page        TEXT        NOT NULL,
    -- The directive of the policy, or the ID of what is deprecated.
    subject     TEXT        NOT NULL,
    -- The origin, scheme or keyword of what was blocked, or ''.
    blocked     TEXT        NOT NULL,
    -- The rest is of the last report: 'enforce', 'report' or ''; script and line; the name of the browser.
    disposition TEXT        NOT NULL,
    source      TEXT        NOT NULL,
    line        BIGINT,
    browser     TEXT        NOT NULL,
    count       BIGINT      NOT NULL,
    first_seen  TIMESTAMPTZ NOT NULL,
    last_seen   TIMESTAMPTZ NOT NULL,
    UNIQUE (kind, page, subject, blocked)
);
CREATE INDEX browser_reports_last_seen ON browser_reports (last_seen);
