/* Claims: the role that the service runs as can neither change nor empty what is a record of
 * what happened, nor change the schema; and it can do all that the service does. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/cluster.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

enum { OUTPUT_SIZE = 32768 };

static const char EVENT[] =
    "{\"id\":\"1\",\"source\":\"shop\",\"type\":\"find.lead.created\",\"subject\":\"acme\","
    "\"time\":\"2026-03-01T09:30:00Z\",\"data\":{\"channel\":\"web_form\"}}";

static struct service service;
static struct db *db; /* as the service */

static void set_up(void)
{
    char url[160];
    service_start(&service);
    snprintf(url, sizeof url, "host=%s/socket port=5432 user=clmd_server dbname=postgres",
             service.directory);
    db = db_create(url, 10);
}

static void tear_down(void)
{
    db_destroy(db);
    service_remove(&service);
}

static PGresult *ask(const char *sql)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    ck_assert_msg(db_execute(db, sql, &rows, &why), "%s", why.log_detail);
    return rows;
}

static void check_refused(const char *sql)
{
    struct problem why = {0};
    ck_assert_msg(!db_execute(db, sql, NULL, &why), "%s", sql);
    ck_assert_msg(strstr(why.log_detail, "(42501)") != NULL, "%s: %s", sql, why.log_detail);
}

/* Each of the statements that a query makes. How many. */
static int check_all_refused(const char *query)
{
    PGresult *statements = ask(query);
    int count = PQntuples(statements);
    for (int i = 0; i < count; i++)
        check_refused(PQgetvalue(statements, i, 0));
    PQclear(statements);
    return count;
}

START_TEST(records_are_added_to_and_no_more)
{
    struct client *client = client_create(service.port, service.key);
    struct reply reply = client_post(client, "/v1/events", EVENT);
    ck_assert_int_eq(reply.status, 201);
    reply_clear(&reply);
    client_destroy(client);
    int count = check_all_refused(
        "select format(w.words, c.oid::regclass, a.attname) "
        "from lifecycle.limited_tables() l "
        "join pg_class c on c.relname = l.name and c.relnamespace = 'lifecycle'::regnamespace "
        "join pg_attribute a on a.attrelid = c.oid and a.attnum = 1 "
        "cross join (values ('update %s set %I = default'), ('delete from %s'), ('truncate "
        "%s'), "
        "            ('truncate %s cascade'), ('alter table %s drop column %I'), "
        "            ('alter table %s disable trigger all'), ('drop table %s'), "
        "            ('select from %s for update')) as w (words) order by 1");
    ck_assert_int_ge(count, 6 * 8);
    PGresult *rows = ask("select count(*) from lifecycle.event");
    ck_assert_str_eq(PQgetvalue(rows, 0, 0), "1");
    PQclear(rows);
}
END_TEST

START_TEST(the_schema_is_not_its_own)
{
    int tables = check_all_refused(
        "select format(w.words, c.oid::regclass) "
        "from pg_class c "
        "cross join (values ('truncate %s'), ('alter table %s add column more int'), "
        "            ('drop table %s cascade'), ('alter table %s owner to clmd_server'), "
        "            ('create index on %s ((1))'), "
        "            ('create trigger t before insert on %s for each row execute function "
        "pg_catalog.suppress_redundant_updates_trigger()')) as w (words) "
        "where c.relkind = 'r' "
        "  and c.relnamespace in ('lifecycle'::regnamespace, 'metric'::regnamespace, "
        "                         'clmd'::regnamespace) order by 1");
    ck_assert_int_ge(tables, 6 * 60);
    int schemas = check_all_refused(
        "select format(w.words, n.nspname) from pg_namespace n "
        "cross join (values ('create table %I.more ()'), ('create view %I.more as select 1'), "
        "            ('create function %I.more() returns int language sql as ''select 1'''), "
        "            ('drop schema %I cascade')) as w (words) "
        "where n.nspname in ('lifecycle', 'metric', 'clmd', 'public') order by 1");
    ck_assert_int_eq(schemas, 4 * 4);
    check_refused("create schema more");
    check_refused("create role more");
    check_refused("set role clmd_owner");
    check_refused("set session authorization clmd");
    check_refused("update clmd.migration set digest = ''");
    check_refused("create or replace function lifecycle.bucket_of(text) returns smallint "
                  "language sql as 'select 1::smallint'");
    check_refused("copy lifecycle.setting to program 'true'");
}
END_TEST

/* A name without its schema is PostgreSQL's own, whatever stands elsewhere. */
START_TEST(the_search_path_is_pinned)
{
    PGresult *rows = ask("select current_setting('search_path')");
    ck_assert_str_eq(PQgetvalue(rows, 0, 0), "pg_catalog, pg_temp");
    PQclear(rows);
    rows =
        ask("select count(*) from pg_proc p where p.prosecdef "
            "and p.pronamespace in ('lifecycle'::regnamespace, 'metric'::regnamespace) "
            "and not coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false)");
    ck_assert_str_eq(PQgetvalue(rows, 0, 0), "0");
    PQclear(rows);
}
END_TEST

static void run_as_admin(struct db *admin, const char *sql)
{
    struct problem why = {0};
    ck_assert_msg(db_execute(admin, sql, NULL, &why), "%s", why.log_detail);
}

/* As one goes about it with a database that a superuser has migrated before. */
START_TEST(roles_come_to_a_database_that_has_none)
{
    static const char *const ROLES[] = {"roles", NULL};
    static char sql[OUTPUT_SIZE];
    struct test_cluster cluster;
    struct service outside;
    test_cluster_start(&cluster);
    service_outside(&outside, embedded_url(cluster.embedded));
    ck_assert_int_eq(service_stop(&outside), 0);
    ck_assert_int_eq(service_command(&outside, ROLES, sql, sizeof sql), 0);
    struct db *admin = db_create(embedded_url(cluster.embedded), 0);
    run_as_admin(admin, sql);
    run_as_admin(admin, sql);
    db_destroy(admin);
    snprintf(outside.database_url, sizeof outside.database_url, "%s",
             embedded_url_as(cluster.embedded, EMBEDDED_SERVER));
    service_again(&outside);
    struct client *client = client_create(outside.port, outside.key);
    struct reply reply = client_post(client, "/v1/events", EVENT);
    ck_assert_int_eq(reply.status, 201);
    reply_clear(&reply);
    client_destroy(client);
    answer_verified(&outside);
    service_remove(&outside);
    test_cluster_remove(&cluster);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rights");
    TCase *server = tcase_create("server"), *roles = tcase_create("roles");
    suite_add_tcase(suite, server);
    tcase_add_checked_fixture(server, set_up, tear_down);
    tcase_set_timeout(server, 60);
    tcase_add_test(server, records_are_added_to_and_no_more);
    tcase_add_test(server, the_schema_is_not_its_own);
    tcase_add_test(server, the_search_path_is_pinned);
    suite_add_tcase(suite, roles);
    tcase_set_timeout(roles, 60);
    tcase_add_test(roles, roles_come_to_a_database_that_has_none);
    return tap_run(suite);
}
