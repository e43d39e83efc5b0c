-- Run once by whoever sets up the database cluster, before `alongside migrate`.
-- The owner migrates. The app reads and appends, and can neither change nor delete an event.
CREATE ROLE alongside_owner LOGIN;
CREATE ROLE alongside_app LOGIN;
