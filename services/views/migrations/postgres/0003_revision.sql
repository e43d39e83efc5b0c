-- How often subjects were taken out of parking: who still takes them for parked writes nothing.
ALTER TABLE view_state ADD COLUMN revision integer NOT NULL DEFAULT 0;
