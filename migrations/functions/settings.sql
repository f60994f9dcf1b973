-- The business's settings: what there is to set, what it may be, and changing it.

create function lifecycle.setting_kinds()
returns table (name text, kind text, initial text, choices text[], minimum numeric,
               maximum numeric, meaning text)
language sql immutable
as $$
    values
    ('timezone', 'timezone', 'UTC', null::text[], null::numeric, null::numeric,
     'the IANA time zone in which days are cut'),
    ('week_start', 'choice', 'monday', '{monday,saturday,sunday}', null, null,
     'the first day of a week'),
    ('reporting_currency', 'currency', null, null, null, null,
     'the currency that money is reported in; null: each in its own'),
    ('margin', 'number', '1', null, 0, 1,
     'the part of revenue that remains after the cost of what was sold'),
    ('dunning_days', 'whole number', '15', null, 0, 365,
     'the days after a failed payment within which it may be recovered'),
    ('inactivity_days', 'whole number', null, null, 1, 3650,
     'the days without a purchase after which a customer has lapsed; null: by the gaps between '
     'the purchases of all'),
    ('revenue_basis', 'choice', 'payments', '{payments,invoices,orders}', null, null,
     'what revenue is counted by'),
    ('signal_days', 'whole number', '90', null, 1, 3650,
     'the days for which what happened is a signal'),
    ('case_surge_cases', 'whole number', '3', null, 1, 1000,
     'the cases within case_surge_days that are a surge'),
    ('case_surge_days', 'whole number', '30', null, 1, 365,
     'the days within which cases are a surge'),
    ('sentiment_fall', 'number', '0.3', null, 0, 2,
     'how far the mean of the three latest sentiments is below that of those before, to be a '
     'fall'),
    ('erased_subjects', 'choice', 'refuse', '{refuse,accept}', null, null,
     'what becomes of events for a person who was erased: refuse, or accept as a new customer'),
    ('group_attributes', 'names', '[]', null, 0, 20,
     'the attributes of customers by which metrics may be grouped')
$$;
comment on function lifecycle.setting_kinds is
    'Every setting: its kind, what it is at first (null: nothing), and what it may be';

create function lifecycle.show_settings()
returns json
language sql stable
as $$
    select ('{' || string_agg(
        to_json(k.name) || ':'
        || coalesce(case when k.kind in ('number', 'whole number', 'names') then v.value
                         else to_json(v.value)::text end, 'null'),
        ',' order by k.ordinality) || '}')::json
    from lifecycle.setting_kinds() with ordinality k
    left join lifecycle.setting s on s.name = k.name,
    lateral (select coalesce(s.value, k.initial) as value) v
$$;
comment on function lifecycle.show_settings is 'All settings, as one object';

create function lifecycle.are_names(list jsonb, most numeric)
returns boolean
language sql immutable
as $$
    select jsonb_typeof(list) = 'array' and count(i.item) <= most
           and count(i.item) = count(distinct i.item)
           and coalesce(bool_and(lifecycle.is_title(i.item, 64)), true)
    from (select) one
    left join lifecycle.items_of(list) i on true
$$;
comment on function lifecycle.are_names is 'Whether a value is a list of so many different names';

create function lifecycle.settings_faults(given json)
returns lifecycle.fault[]
language sql stable
as $$
    select array_agg(row(lifecycle.pointer_to(g.key), case
               when k.name is null then
                   'unknown setting; there are '
                   || (select string_agg(n.name, ', ') from lifecycle.setting_kinds() n)
               when k.kind = 'timezone' then 'must be the name of an IANA time zone'
               when k.kind = 'currency' then 'must be a currency code of ISO 4217'
               when k.kind = 'choice' then 'must be ' || array_to_string(k.choices, ' or ')
               when k.kind = 'names' then
                   format('must be an array of at most %s different names, each a text of 1 to 64 '
                          'characters', k.maximum)
               else format('must be a %s from %s to %s', k.kind, k.minimum, k.maximum)
           end)::lifecycle.fault order by g.ordinality)
    from json_each(given) with ordinality g
    left join lifecycle.setting_kinds() k on k.name = g.key,
    lateral (select g.value #>> '{}' as text, json_typeof(g.value) as type) v
    where case
        when k.name is null then true
        when v.type = 'null' then false
        when k.kind = 'timezone' then
            v.type <> 'string'
            or not exists (select from lifecycle.time_zone z where z.name = v.text)
        when k.kind = 'currency' then
            v.type <> 'string'
            or not exists (select from lifecycle.currency c where c.currency = v.text)
        when k.kind = 'choice' then v.type <> 'string' or v.text <> all (k.choices)
        when k.kind = 'names' then not lifecycle.are_names(g.value::jsonb, k.maximum)
        when v.type <> 'number' then true
        else v.text::numeric not between k.minimum and k.maximum
             or (k.kind = 'whole number' and v.text::numeric % 1 <> 0)
    end
$$;
comment on function lifecycle.settings_faults is
    'What is wrong with settings that are to be changed; null for nothing';

create function lifecycle.store_settings(given json)
returns void
language sql
as $$
    delete from lifecycle.setting s
    using json_each(given) g
    where s.name = g.key;
    insert into lifecycle.setting (name, value)
    select g.key, v.value
    from json_each(given) g
    join lifecycle.setting_kinds() k on k.name = g.key,
    lateral (select case
                 when k.kind in ('number', 'whole number')
                     then trim_scale((g.value #>> '{}')::numeric)::text
                 when k.kind = 'names' then nullif(g.value::jsonb, 'null')::text
                 else g.value #>> '{}'
             end as value) given_value,
    lateral (select coalesce(given_value.value, k.initial) as value) v
    where v.value is not null
$$;
comment on function lifecycle.store_settings is
    'Stores settings that were found valid; null makes a setting what it was at first';

create function lifecycle.settings_told(given json)
returns text
language sql stable
as $$
    select string_agg(m.name || '=' || coalesce(s.value, ''), '; ' order by m.name)
    from json_object_keys(given) m (name)
    left join lifecycle.setting s on s.name = m.name
$$;
comment on function lifecycle.settings_told is
    'The settings that an object names, as they are now, in short';

create function lifecycle.change_settings(given json, if_match text, if_none_match text)
returns json
language plpgsql
as $$
declare
    cut text[];
    patience interval;
    counted_invoices boolean;
    shown text;
begin
    lock table lifecycle.setting in share row exclusive mode;
    perform lifecycle.check_match(if_match, if_none_match,
                                  lifecycle.tag_of(lifecycle.show_settings()::text));
    perform lifecycle.refuse_all(lifecycle.settings_faults(given));
    shown := lifecycle.settings_told(given);
    cut := array[lifecycle.business_zone(), lifecycle.week_unit()];
    patience := lifecycle.dunning_time();
    counted_invoices := lifecycle.counts_invoices();
    perform lifecycle.store_settings(given);
    if lifecycle.dunning_time() <> patience then
        perform lifecycle.derive_owners('payment_failure', 100000);
    end if;
    if array[lifecycle.business_zone(), lifecycle.week_unit()] <> cut then
        perform lifecycle.recut_days(500000);
    end if;
    if lifecycle.counts_invoices() <> counted_invoices then
        perform lifecycle.recount_invoices(500000);
    end if;
    perform lifecycle.audit('settings.changed', null, shown, lifecycle.settings_told(given));
    return lifecycle.show_settings();
end
$$;
comment on function lifecycle.change_settings is
    'Changes the settings that an object names, under conditions; all of them afterwards';

create function lifecycle.change_cut(setting_name text, wanted text)
returns void
language plpgsql
as $$
declare
    days constant numeric := case when setting_name = 'dunning_days'
                                  then lifecycle.number_of(wanted) end;
    given constant json := json_build_object(setting_name,
                                             coalesce(to_json(days), to_json(wanted)));
    shown text;
begin
    lock table lifecycle.setting in share row exclusive mode;
    perform lifecycle.refuse_all(lifecycle.settings_faults(given));
    shown := lifecycle.settings_told(given);
    perform lifecycle.store_settings(given);
    perform lifecycle.audit('settings.changed', null, shown, lifecycle.settings_told(given));
    if setting_name = 'dunning_days' then
        perform lifecycle.derive_owners('payment_failure', null);
    else
        perform lifecycle.recut_days(null);
    end if;
end
$$;
comment on function lifecycle.change_cut is
    'Changes the time zone, the first day of the week, or dunning_days, however long the history is';

create function lifecycle.group_attributes()
returns text[]
language sql stable
as $$
    select array(select n.name
                 from lifecycle.setting s, jsonb_array_elements_text(s.value::jsonb) n (name)
                 where s.name = 'group_attributes')
$$;
comment on function lifecycle.group_attributes is
    'The attributes by which metrics may be grouped, by the setting';

create function lifecycle.derive_owners(fact text, most bigint)
returns void
language plpgsql
as $$
declare
    owners lifecycle.touch[];
begin
    perform pg_advisory_xact_lock(2, 0);
    execute format(
        'select coalesce(array_agg(row(o.bucket, o.customer_id, ''-infinity'')::lifecycle.touch),
                         ''{}'')
         from (select distinct f.bucket, f.customer_id from lifecycle.%I f limit $1 + 1) o', fact)
    into owners
    using most;
    if cardinality(owners) > most then
        perform lifecycle.refuse('CL409', null, format(
            'this would derive anew what is known of more than %s customers: clmd rebuild '
            '--dunning-days NUMBER does', most));
    end if;
    perform lifecycle.derive_facts(lifecycle.setup_now(), lifecycle.all_facts(owners));
end
$$;
comment on function lifecycle.derive_owners is
    'Derives the facts of all customers anew who have a fact, while the writers wait; refuses (409) '
    'where there are more than so many; null for any number';

-- What is cut by the business's days: purchase_day, spend and the roll-ups, but for that of the
-- ledger. All else holds exact times, but for the dates that subscriptions' events name.

create function lifecycle.recut_days(most bigint)
returns void
language plpgsql
as $$
begin
    if (select count(*) > most
        from ((select from lifecycle.purchase limit most + 1)
              union all (select from lifecycle.model_visit limit most + 1)
              union all (select from lifecycle.revenue limit most + 1)
              union all (select from lifecycle.spend limit most + 1)) fact)
        or (select count(*) > most / 5
            from (select from lifecycle.subscription limit most / 5 + 1) slow)
    then
        perform lifecycle.refuse('CL409', null,
            'with so long a history this is changed by clmd rebuild --timezone ZONE or '
            '--week-start DAY');
    end if;
    perform pg_advisory_xact_lock(2, 0);
    delete from lifecycle.purchase_day;
    insert into lifecycle.purchase_day
    select * from lifecycle.plain_purchase_day;
    update lifecycle.spend s
    set first_day = f.first_day, last_day = f.last_day
    from lifecycle.event e
    cross join lateral lifecycle.spend_of(e, lifecycle.business_zone()) f
    where e.event_id = s.event_id and (f.first_day, f.last_day) <> (s.first_day, s.last_day);
    perform lifecycle.derive_owners('subscription', most / 5);
    perform lifecycle.rebuild_total(r)
    from lifecycle.rollups() r
    where r <> 'event_total';
end
$$;
comment on function lifecycle.recut_days is
    'Cuts all days and weeks anew, by the business''s settings, while the writers wait; refuses '
    '(409) where there are more than so many facts; null for any number';
