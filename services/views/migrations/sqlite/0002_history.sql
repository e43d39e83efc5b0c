-- Of which history of the log a view is: the epoch in which its last event was read, and the request that appended that event. A log that
-- has another event there was restored or failed over, and what was built of it is worthless.
ALTER TABLE view_state ADD COLUMN epoch BLOB;
ALTER TABLE view_state ADD COLUMN mark BLOB;
-- A generation that was begun anew is read once it has come so far.
ALTER TABLE view_state ADD COLUMN readable_from INTEGER NOT NULL DEFAULT 0;
-- Which version of the view's code builds it. Another version builds another generation.
ALTER TABLE view_state ADD COLUMN code INTEGER NOT NULL DEFAULT 1;
