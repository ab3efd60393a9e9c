-- What is merged into a sketch gathers beside it: writing a large sketch anew for each event would fill the disk.

ALTER TABLE rollups
    ADD COLUMN users_recent bytea NOT NULL DEFAULT '',
    ADD COLUMN histogram1_recent bytea NOT NULL DEFAULT '',
    ADD COLUMN histogram2_recent bytea NOT NULL DEFAULT '',
    ADD COLUMN histogram3_recent bytea NOT NULL DEFAULT '',
    ADD COLUMN histogram4_recent bytea NOT NULL DEFAULT '';

ALTER TABLE rollups ALTER COLUMN users_recent SET STORAGE EXTERNAL;
ALTER TABLE rollups ALTER COLUMN histogram1_recent SET STORAGE EXTERNAL;
ALTER TABLE rollups ALTER COLUMN histogram2_recent SET STORAGE EXTERNAL;
ALTER TABLE rollups ALTER COLUMN histogram3_recent SET STORAGE EXTERNAL;
ALTER TABLE rollups ALTER COLUMN histogram4_recent SET STORAGE EXTERNAL;
