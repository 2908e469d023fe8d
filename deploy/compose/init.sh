#!/bin/sh
# Makes the roles and the database of the gateway, when PostgreSQL starts on an empty directory. Passwords come from the
# environment, for a command line is everybody's.
set -eu
superuser() {
  psql --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres "$@"
}
superuser --dbname=postgres --file=/deploy/postgres/roles.sql
superuser --dbname=postgres <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv gateway_password GATEWAY_PASSWORD
alter role disclosure_owner password :'owner_password';
alter role disclosure_gateway password :'gateway_password';
create database disclosure owner disclosure_owner encoding 'UTF8' template template0;
SQL
superuser --dbname=disclosure --file=/deploy/postgres/database.sql
