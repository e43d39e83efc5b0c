-- Run once in the new database: its owner migrates.
ALTER DATABASE alongside OWNER TO alongside_owner;
