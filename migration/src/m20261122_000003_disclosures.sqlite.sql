create unique index disclosure_id_key on disclosure (id);
create unique index disclosure_leaf_index_key on disclosure (leaf_index);
