alter table incident drop column notified_authority_on;
alter table incident drop column known_at;
