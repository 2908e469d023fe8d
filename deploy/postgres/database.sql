-- The gateway's database, in the database itself. Run once, as a superuser, after `create database disclosure owner
-- disclosure_owner encoding 'UTF8'`:
--
--   psql --set=ON_ERROR_STOP=1 --dbname=disclosure --file=deploy/postgres/database.sql
do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to disclosure_gateway', current_database());
  execute format('alter database %I owner to disclosure_owner', current_database());
end
$$;
alter schema public owner to disclosure_owner;
revoke all on schema public from public;
grant usage on schema public to disclosure_gateway;
