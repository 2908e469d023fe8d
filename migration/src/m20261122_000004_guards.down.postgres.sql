-- The triggers go with their functions.
drop function scope_item_rests_on_law() cascade;
drop function basis_of_same_agreement() cascade;
drop function viewing_lists_nothing() cascade;
drop function agreement_rests_on_law() cascade;
drop function refuse() cascade;
