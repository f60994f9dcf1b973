-- After a restore by pg_restore. Events carry the number of the transaction that stored them
-- (recorded_xid), and numbers of the cluster that was lost may be higher than those that the new one
-- gives: such events would not be shown by /v1/changes, and new ones would come before them.

create function lifecycle.settle_restored()
returns bigint
language plpgsql
as $$
declare
    settled bigint;
begin
    update lifecycle.event
    set recorded_xid = pg_current_xact_id()
    where recorded_xid > pg_current_xact_id();
    get diagnostics settled = row_count;
    update lifecycle.sweep
    set seen_below = '0'
    where settled > 0;
    return settled;
end
$$;
comment on function lifecycle.settle_restored is
    'To be run by the owner after pg_restore, before anything is served: events with numbers of '
    'transactions that are yet to come in this cluster get one number, that of now; how many it '
    'were. A copy that follows /v1/changes is to begin anew';
