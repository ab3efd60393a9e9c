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
