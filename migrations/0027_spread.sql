-- What is gathered of spread_total, by one significant digit: a percentile is found in these first,
-- and then to three digits within one of them.

create table lifecycle.spread_range (
    measure text collate "C" not null,
    month   date not null,
    label   text collate "C" not null,
    bottom  numeric not null,
    n       bigint not null,
    primary key (measure, month, label, bottom)
);
comment on table lifecycle.spread_range is
    'How values are spread, of what is gathered of spread_total: by one significant digit';
comment on column lifecycle.spread_range.bottom is
    'lifecycle.range_of each of the values: none is less, and none as great as the next range';
create index spread_fresh on lifecycle.spread_total (measure, month) where writer < 64;
comment on index lifecycle.spread_fresh is 'What is not yet gathered';
