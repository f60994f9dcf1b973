-- Customers as they are changed through the API. A change is an event like any other, of the
-- source clmd, recorded in the transaction that has looked at the customer's state: so the ledger
-- alone tells everything, and two changes of one state never both succeed.

create function lifecycle.record_own(event_id uuid, id text, subject text, of_type smallint,
                                     at timestamptz, object text, data jsonb)
returns void
language plpgsql
as $$
declare
    body constant text :=
        (select to_json(e)
         from (select '1.0' as specversion, record_own.id, 'clmd' as source, t.name as type,
                      record_own.subject, lifecycle.utc_text(at) as time, record_own.data
               from lifecycle.event_type t
               where t.type = of_type) e);
begin
    perform
    from lifecycle.record_events(
        array[event_id], array['clmd'], array[id], array[subject], array[of_type], array[at],
        array[null::text], array[null::bigint], array[null::text], array[null::bigint],
        array[object], array[null::smallint], array[null::uuid], array[false], array[body]);
end
$$;
comment on function lifecycle.record_own is
    'Records an event of the service''s own';

create function lifecycle.patch_between(base jsonb, wanted jsonb)
returns jsonb
language plpgsql immutable
as $$
begin
    if jsonb_typeof(base) is distinct from 'object' or jsonb_typeof(wanted) <> 'object' then
        return wanted;
    end if;
    return coalesce((select jsonb_object_agg(n.name, case
                         when wanted ? n.name
                             then lifecycle.patch_between(base -> n.name, wanted -> n.name)
                         else 'null'
                     end)
                     from (select jsonb_object_keys(base)
                           union
                           select jsonb_object_keys(wanted)) n (name)), '{}');
end
$$;
comment on function lifecycle.patch_between is
    'The merge patch (RFC 7396) that makes a document what is wanted: all of it, and null for '
    'what it does not have; wanted has no null members, as no patch could give one';

create function lifecycle.patch_asked(given json, is_patch boolean, base jsonb)
returns jsonb
language plpgsql
as $$
declare
    attributes constant jsonb := given -> 'attributes';
    patch constant jsonb := case
        when is_patch and attributes = 'null' then lifecycle.patch_between(base, '{}')
        when is_patch then attributes
        when attributes <> 'null'
            then lifecycle.patch_between(base, lifecycle.merge_patch('{}', attributes))
    end;
    wanted constant jsonb := lifecycle.merge_patch(base, patch);
begin
    perform lifecycle.check_size('/attributes', octet_length(base::text),
                                 octet_length(wanted::text));
    return case when wanted <> base then patch end;
end
$$;
comment on function lifecycle.patch_asked is
    'What a change does to attributes, as a merge patch; null for nothing. PUT replaces them, '
    'where it gives any; PATCH merges';

create function lifecycle.names_asked(given json, of_bucket smallint, of_customer bigint)
returns text[]
language plpgsql stable
as $$
declare
    taken bigint;
    fresh text[];
begin
    select min(n.position) filter (where k.customer_id <> of_customer),
           array_agg(n.name order by n.position) filter (where k.customer_id is null)
    into taken, fresh
    from (select distinct on (x.name) x.name, x.position
          from json_array_elements_text(given -> 'identifiers') with ordinality
               x (name, position)
          order by x.name, x.position) n
    left join lateral lifecycle.find_customer(n.name) k on true;
    if taken is not null then
        perform lifecycle.refuse('CL409', format('/identifiers/%s', taken - 1),
                                 'this identifier belongs to another customer');
    end if;
    perform lifecycle.refuse_erased(fresh, '/identifiers');
    return fresh;
end
$$;
comment on function lifecycle.names_asked is
    'The identifiers of a change that the customer does not have yet; null for none';

create function lifecycle.claim_customer(named text, may_create boolean,
                                         out bucket smallint, out customer_id bigint,
                                         out is_new boolean)
language plpgsql
as $$
begin
    perform lifecycle.keep_apart(false);
    is_new := false;
    if lifecycle.find_customer(named) is null then
        perform lifecycle.refuse_erased(array[named], null);
        if not may_create then
            perform lifecycle.refuse('CL404', null, 'no customer is known by this reference');
        end if;
        is_new := lifecycle.meet_customers(array[named]) is not null;
    end if;
    select f.bucket, f.customer_id
    into bucket, customer_id
    from lifecycle.find_customer(named) f;
    perform
    from lifecycle.customer c
    where c.bucket = claim_customer.bucket and c.customer_id = claim_customer.customer_id
    for no key update;
end
$$;
comment on function lifecycle.claim_customer is
    'Finds a customer by any identifier, or creates one, and keeps its state as it is to the end '
    'of the transaction';

create function lifecycle.change_customer(named text, is_patch boolean, given json,
                                          if_match text, if_none_match text, event_id uuid,
                                          id text)
returns table (document json, is_new boolean)
language plpgsql
set enable_seqscan = off
set jit = off
as $$
declare
    claim record;
    known lifecycle.customer_attributes;
    names text[];
    patch jsonb;
begin
    claim := lifecycle.claim_customer(named, not is_patch);
    perform lifecycle.check_match(if_match, if_none_match, case when not claim.is_new then
        lifecycle.tag_of(lifecycle.show_customer(named)::text) end);
    select *
    into known
    from lifecycle.customer_attributes a
    where a.bucket = claim.bucket and a.customer_id = claim.customer_id;
    names := lifecycle.names_asked(given, claim.bucket, claim.customer_id);
    patch := lifecycle.patch_asked(given, is_patch, coalesce(known.attributes, '{}'));
    if claim.is_new or names is not null or patch is not null then
        perform lifecycle.record_own(
            event_id, id, named,
            case when claim.is_new or names is not null then lifecycle.customer_identified()
                 else lifecycle.attributes_changed() end,
            greatest(now(), known.changed_at + interval '1 microsecond'), null,
            jsonb_strip_nulls(jsonb_build_object('identifiers', names))
            || case when patch is null then '{}'
                    else jsonb_build_object('attributes', patch) end);
    end if;
    return query select lifecycle.show_customer(named), claim.is_new;
end
$$;
comment on function lifecycle.change_customer is
    'PUT or PATCH of a customer under conditions, recorded as an event unless it changes nothing: '
    'later than all that was told of its attributes, so that it holds. The customer as it is then, '
    'and whether it was created';
