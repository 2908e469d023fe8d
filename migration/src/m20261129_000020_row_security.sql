-- Oldest migration a gateway must know to work on this database. A migration that takes away or changes what an older
-- gateway uses raises it to itself; one that only adds leaves it, and the older may run on and be started again.
create table schema_floor (
  id integer not null primary key,
  migration text not null,
  constraint schema_floor_id_check check (id = 1)
);
insert into schema_floor (id, migration) values (1, 'm20261129_000020_row_security');
