alter table access_grant drop column granted_at;
