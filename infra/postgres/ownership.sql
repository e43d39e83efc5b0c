-- Run once in the new database: its owner migrates.
ALTER DATABASE alongside OWNER TO alongside_owner;
GRANT ALL ON SCHEMA public TO alongside_owner;
