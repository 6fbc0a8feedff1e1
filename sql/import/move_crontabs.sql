-- Writes their known crontabs into ours. Of one that both know the later execution counts.
INSERT INTO :"schema".known_crontabs AS ours (identifier, known_since, last_execution)
SELECT identifier, known_since, last_execution FROM :"theirs"._private_known_crontabs
ON CONFLICT (identifier) DO UPDATE
SET known_since    = least(ours.known_since, excluded.known_since),
    last_execution = greatest(ours.last_execution, excluded.last_execution)
