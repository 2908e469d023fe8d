drop index change_subject_seq_idx;
drop table change_concern;
