-- What finds merges: all of them by their time, and those into a customer by its identifiers.
create index event_merge on lifecycle.event (occurred_at, event_id) where type = 703;
create index event_merge_into on lifecycle.event (object) where type = 703;
comment on index lifecycle.event_merge is 'customer.merged';
comment on index lifecycle.event_merge_into is 'customer.merged, by the identifier in `into`';
