-- The last of the repeatable files: what was made anew has to be granted anew.
select lifecycle.grant_rights();
