CREATE TABLE events (
    id         serial       PRIMARY KEY,
    user_id    varchar(255) NOT NULL,
    event_type varchar(100) NOT NULL,
    created_at timestamptz  NOT NULL DEFAULT now()
);

CREATE TABLE series_points (
    bucket timestamptz PRIMARY KEY,
    value  bigint      NOT NULL
);

-- The events with what a whole dashboard asks of them.
CREATE TABLE dashboard_events (
    id          serial       PRIMARY KEY,
    user_id     varchar(255) NOT NULL,
    event_type  varchar(100) NOT NULL,
    created_at  timestamptz  NOT NULL DEFAULT now(),
    duration_ms double precision,
    failed      boolean      NOT NULL,
    provider    varchar(100),
    cost        numeric(12, 3),
    value       numeric(12, 2),
    currency    varchar(3),
    collection  varchar(100),
    status      varchar(100)
);

-- What the events table would have to be to keep what Tidemark keeps of the same events, each once.
CREATE TABLE events_once (
    id          uuid         PRIMARY KEY,
    user_id     varchar(255) NOT NULL,
    event_type  varchar(100) NOT NULL,
    created_at  timestamptz  NOT NULL,
    duration_ms numeric
);
CREATE INDEX events_once_created_at ON events_once (created_at);
CREATE INDEX events_once_user_id ON events_once (user_id);
CREATE INDEX events_once_event_type ON events_once (event_type);
CREATE INDEX events_once_created_at_event_type ON events_once (created_at, event_type);
