INSERT INTO document (view, generation, key, subject, position, body)
SELECT * FROM unnest($1::text[], $2::integer[], $3::bytea[], $4::uuid[], $5::bigint[], $6::bytea[])
    ON CONFLICT (view, generation, key)
    DO UPDATE SET subject = excluded.subject, position = excluded.position, body = excluded.body
