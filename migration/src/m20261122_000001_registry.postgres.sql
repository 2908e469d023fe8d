-- Check digit of a business ID: weights 7 9 10 5 8 4 2, modulo 11. Numbers whose remainder is 1 are never issued.
create function business_id_valid(business_id text) returns boolean
language plpgsql immutable strict parallel safe
as $$
declare
  weights constant integer[] := array[7, 9, 10, 5, 8, 4, 2];
  total integer := 0;
begin
  if business_id !~ '^[0-9]{7}-[0-9]$' then
    return false;
  end if;
  for place in 1..7 loop
    total := total + weights[place] * substr(business_id, place, 1)::integer;
  end loop;
  return (total + substr(business_id, 9, 1)::integer) % 11 = 0;
end
$$;
