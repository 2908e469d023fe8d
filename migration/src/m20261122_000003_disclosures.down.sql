drop table log_tile;
drop table log_tree;
drop table anomaly;
drop table tally;
drop table disclosure_key;
drop table disclosure;
