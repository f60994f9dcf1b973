-- How often a key may call, where that is a matter of the key: a billing run and a kiosk differ.

alter table lifecycle.api_key
    add column rate_requests integer check (rate_requests between 1 and 1000000),
    add column rate_seconds integer check (rate_seconds between 1 and 3600),
    add check ((rate_requests is null) = (rate_seconds is null));
comment on column lifecycle.api_key.rate_requests is
    'How many requests it may make, at once or in rate_seconds; null: as the servers'' settings say';
comment on column lifecycle.api_key.rate_seconds is 'The time of rate_requests';
