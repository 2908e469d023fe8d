-- Whoever looks for grants nobody has thought of for long needs to know when each was given, which may be before it begins.
alter table access_grant add column granted_at {instant};
