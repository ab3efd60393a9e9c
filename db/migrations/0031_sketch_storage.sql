-- Sketches hardly compress and are read often: keep them as they are, outside the row.

ALTER TABLE rollups ALTER COLUMN users SET STORAGE EXTERNAL;
ALTER TABLE rollups ALTER COLUMN histogram1 SET STORAGE EXTERNAL;
ALTER TABLE rollups ALTER COLUMN histogram2 SET STORAGE EXTERNAL;
ALTER TABLE rollups ALTER COLUMN histogram3 SET STORAGE EXTERNAL;
ALTER TABLE rollups ALTER COLUMN histogram4 SET STORAGE EXTERNAL;
