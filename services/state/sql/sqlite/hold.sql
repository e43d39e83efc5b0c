INSERT INTO feed_cursor AS c (feed, epoch, holder, held_until)
VALUES ($1, $2, $3, CAST(unixepoch('subsec') * 1000 AS INTEGER) + $4)
    ON CONFLICT (feed) DO UPDATE
   SET holder = excluded.holder,
       held_until = excluded.held_until,
       epoch = excluded.epoch,
       run = CASE WHEN c.epoch = excluded.epoch THEN c.run ELSE c.run + 1 END,
       delivered = CASE WHEN c.epoch = excluded.epoch THEN c.delivered ELSE 0 END,
       acknowledged = CASE WHEN c.epoch = excluded.epoch THEN c.acknowledged ELSE 0 END
 WHERE $5 OR c.holder IS NULL OR c.holder = excluded.holder OR c.held_until <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
RETURNING run, delivered, acknowledged
