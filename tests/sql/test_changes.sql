-- What changes have in common: tags, conditions, merge patches, kept answers.
\ir setup.sql

select pg_temp.is(lifecycle.tag_of('{}'), '"44136fa355b3678a1146ad16f7e8649e"',
                  'a tag, as test_condition.c has it');

-- What becomes of a change under conditions, where the state's tag is "a" or there is no state.
select pg_temp.is(
    coalesce(pg_temp.refusal(format('select lifecycle.require_match(%L, %L, %L)',
                                    c.if_match, c.if_none_match, c.tag)), 'null'),
    c.wanted, concat_ws(' ', 'If-Match', c.if_match, 'If-None-Match', c.if_none_match,
                        'where there is', coalesce(c.tag, 'nothing')))
from (values
    ('"a"', null, '"a"', 'no refusal'), ('*', null, '"a"', 'no refusal'),
    ('"b" , "a"', null, '"a"', 'no refusal'), ('"b"', null, '"a"', 'CL412'),
    ('W/"a"', null, '"a"', 'CL412'), (null, null, '"a"', 'CL428'),
    (null, '*', '"a"', 'CL412'), (null, '"a"', '"a"', 'CL412'),
    (null, '"b"', '"a"', 'CL428'), ('"a"', '"b"', '"a"', 'no refusal'),
    ('"a"', null, null, 'CL412'), ('*', null, null, 'CL412'),
    (null, '*', null, 'no refusal'), (null, null, null, 'no refusal'))
    c (if_match, if_none_match, tag, wanted);

select pg_temp.is(
    pg_temp.refusal($$select lifecycle.refuse_all(
        array[(lifecycle.pointer_to(E'a/b~c\n'), 'is bad'), ('/d', 'is worse')]::lifecycle.fault[])$$),
    E'CL422 /a~1b~0c?\tis bad\n/d\tis worse', 'a line for each fault');
select pg_temp.is(pg_temp.refusal('select lifecycle.refuse_all(null), lifecycle.refuse_all($${}$$)'),
                  'no refusal', 'no fault, no refusal');

-- The examples of RFC 7396, appendix A.
select pg_temp.is(lifecycle.merge_patch(p.target::jsonb, p.patch::jsonb)::text,
                  p.wanted::jsonb::text, 'RFC 7396: ' || p.target || ' and ' || p.patch)
from (values
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', '{}'),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', 'null', 'null'),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ('[1,2]', '{"a":"b","c":null}', '{"a":"b"}'),
    ('{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}')) p (target, patch, wanted);

create function pg_temp.recalled(of_key text, named text, asked text)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', status, content_type, body, field, value), ', ')
    from lifecycle.recall_answer(of_key, named, sha256(asked::bytea))
$$;

select pg_temp.is(pg_temp.recalled('key', 'once', 'x'), null, 'nothing is kept yet');
select from lifecycle.keep_answer('key', 'once', sha256('x'), 201, 'application/json', '{}',
                                  '{Location,/x,ETag,"\"a\""}');
select pg_temp.is(pg_temp.recalled('key', 'once', 'x'),
    '201 application/json {} Location /x, 201 application/json {} ETag "a"', 'a kept answer');
select from lifecycle.keep_answer('key', 'bare', sha256('x'), 204, null, '', '{}');
select pg_temp.is(pg_temp.recalled('key', 'bare', 'x'), '204 ', 'a kept answer without fields');
select pg_temp.is(pg_temp.recalled('other', 'once', 'x'), null, 'each API key has its own');
select pg_temp.is(
    pg_temp.refusal($$select lifecycle.recall_answer('key', 'once', sha256('y'))$$), 'CL422',
    'the key of another request');

-- A day and a bit: what is older goes, some of it with each answer that is kept.
update lifecycle.kept_answer set kept_at = now() - interval '24 hours 1 second'
where idempotency_key = 'once';
update lifecycle.kept_answer set kept_at = now() - interval '23 hours 59 minutes'
where idempotency_key = 'bare';
select from lifecycle.keep_answer('key', 'next', sha256('x'), 204, null, '', '{}');
select pg_temp.is((select string_agg(idempotency_key, ' ' order by idempotency_key)
                   from lifecycle.kept_answer), 'bare next', 'answers are kept for a day');
\ir teardown.sql
