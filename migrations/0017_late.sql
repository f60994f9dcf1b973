-- Answers tell how many events of their window came late.

create index event_late on lifecycle.event_total (day) include (late) where late <> 0;
comment on index lifecycle.event_late is 'The counts in which there are late events';
