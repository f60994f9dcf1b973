-- Which new events may change a fact, so that a batch looks at all of them at once.

alter table lifecycle.fact add column touching text;
comment on column lifecycle.fact.touching is
    'The condition, in SQL, on which a new event t of these types may change a row; null if any may';
