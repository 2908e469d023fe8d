-- The 72 hours of GDPR article 33 run from when a breach became known, which may be long after it happened; and an officer
-- must be able to say that the authority was told.
alter table incident add column known_at {instant};
alter table incident add column notified_authority_on {day};
