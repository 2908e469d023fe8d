drop table interned;
drop table key_fingerprint;
drop table change_row;
drop table change;
