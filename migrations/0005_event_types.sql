-- Event types of a business's own, beside those of the vocabulary.

create sequence lifecycle.custom_type_code as smallint minvalue 10000;
comment on sequence lifecycle.custom_type_code is
    'Codes of custom types: the vocabulary''s own are lower, and none is ever used again';

create table lifecycle.custom_type (
    type        smallint primary key references lifecycle.event_type check (type >= 10000),
    fields      json not null,
    description text
);
comment on table lifecycle.custom_type is
    'Event types that were registered through the API; name and entry stand in event_type';
comment on column lifecycle.custom_type.fields is
    'The fields of data, as GET /v1/event-types shows them';

-- Whether there are events of a custom type; events of the vocabulary's types do not pay for it.
create index event_of_custom_type on lifecycle.event (type) where type >= 10000;
