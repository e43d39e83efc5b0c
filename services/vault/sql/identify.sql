INSERT INTO identifier (pseudonym, sealed) VALUES ($1, $2) ON CONFLICT (pseudonym) DO NOTHING
