#!/bin/sh
# Makes the roles and the database of the gateway, when PostgreSQL starts on an empty directory.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres --file=/deploy/postgres/roles.sql
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
  --set=owner_password="$OWNER_PASSWORD" --set=gateway_password="$GATEWAY_PASSWORD" <<'SQL'
alter role disclosure_owner password :'owner_password';
alter role disclosure_gateway password :'gateway_password';
create database disclosure owner disclosure_owner encoding 'UTF8' template template0;
SQL
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=disclosure --file=/deploy/postgres/database.sql
