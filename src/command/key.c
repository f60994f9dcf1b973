#include "base/digest.h"
#include "command/command.h"
#include "command/database.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OVERLAP_LIMIT = 30 * 86400, PAGE_KEYS = 1000 };

/* Documents go to the database and come from it as the API's do. */
static bool key_change(struct db *db, enum statement statement, const struct new_key *key,
                       const char *wish, PGresult **rows, struct problem *why)
{
    char digest[2 * sizeof key->digest + 1];
    hex_encode(key->digest, sizeof key->digest, digest);
    const struct db_value values[] = {{.data = key->id}, {.data = digest}, {.data = wish}};
    return database_change(db, statement, values, rows, why);
}

bool key_store(struct db *db, const struct new_key *key, const char *wish, struct problem *why)
{
    PGresult *rows;
    if (!key_change(db, STATEMENT_CREATE_KEY, key, wish, &rows, why))
        return false;
    PQclear(rows);
    return true;
}

/* key create ------------------------------------------------------------------------------- */

/* Adds each of "a,b" to a list of the wish. False: out of memory. */
static bool add_names(json_t *wish, const char *member, const char *names)
{
    json_t *list = json_object_get(wish, member);
    if (!list && json_object_set_new(wish, member, list = json_array()) != 0)
        return false;
    while (*names) {
        size_t length = strcspn(names, ",");
        if (json_array_append_new(list, json_stringn(names, length)) != 0)
            return false;
        names += length + (names[length] == ',');
    }
    return true;
}

static bool add_text(json_t *wish, const char *member, const char *text)
{
    return json_object_set_new(wish, member, json_string(text)) == 0;
}

/* "600/60"; what it is not, the database refuses. */
static bool add_rate(json_t *wish, const char *member, const char *text)
{
    char *end;
    long requests = strtol(text, &end, 10);
    if (*end != '/')
        return add_text(wish, member, text);
    long seconds = strtol(end + 1, &end, 10);
    if (*end != '\0')
        return add_text(wish, member, text);
    json_t *rate = json_pack("{s:I,s:I}", "requests", (json_int_t)requests, "seconds",
                             (json_int_t)seconds);
    return json_object_set_new(wish, member, rate) == 0;
}

/* What the options say, as the members of a new key. */
static const struct {
    const char *member;
    bool (*add)(json_t *wish, const char *member, const char *text);
} MEMBERS[] = {
    ['n'] = {"name", add_text},    ['e'] = {"expires_at", add_text},
    ['s'] = {"scopes", add_names}, ['o'] = {"sources", add_names},
    ['t'] = {"types", add_names},  ['r'] = {"rate", add_rate},
};

/* STATUS_DONE, or STATUS_USAGE after having told. What the values may be, the database says. */
static int read_wish(int count, char **arguments, json_t *wish)
{
    static const struct option OPTIONS[] = {{"name", required_argument, NULL, 'n'},
                                            {"expires", required_argument, NULL, 'e'},
                                            {"scope", required_argument, NULL, 's'},
                                            {"source", required_argument, NULL, 'o'},
                                            {"type", required_argument, NULL, 't'},
                                            {"rate", required_argument, NULL, 'r'},
                                            {0}};
    int option;
    while ((option = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1) {
        if (option == '?')
            return STATUS_USAGE;
        const char *member = MEMBERS[option].member;
        if (!MEMBERS[option].add(wish, member, optarg))
            return command_misused("key", "%s is not UTF-8", member);
    }
    if (optind < count)
        return command_misused("key", "create takes no argument %s", arguments[optind]);
    if (!json_object_get(wish, "name") || !json_object_get(wish, "scopes"))
        return command_misused("key", "create needs --name and --scope");
    return STATUS_DONE;
}

static int create_wished(const struct config *config, const char *wish)
{
    struct problem why = {0};
    struct database database;
    struct new_key key;
    bool done = database_open_prepared(&database, config, &why) &&
                (key_make(&key) || fail(&why, PROBLEM_INTERNAL, "no randomness to be had")) &&
                key_store(database.db, &key, wish, &why);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    puts(key.text);
    return STATUS_DONE;
}

static int create_key(const struct config *config, int count, char **arguments)
{
    json_t *wish = json_object();
    int status = read_wish(count, arguments, wish);
    char *text = status == STATUS_DONE ? json_dumps(wish, JSON_COMPACT) : NULL;
    if (text)
        status = create_wished(config, text);
    free(text);
    json_decref(wish);
    return status;
}

/* key list --------------------------------------------------------------------------------- */

static const char *const COLUMNS[] = {"key_id",     "name", "scopes",     "sources",
                                      "types",      "rate", "created_at", "last_used_at",
                                      "expires_at", "state"};

enum { CELL_SIZE = 512 };

/* A list with commas between, a rate as 600/60; "-" for nothing. */
static void write_cell(const json_t *value, char cell[CELL_SIZE])
{
    size_t i, used = 0;
    json_t *item;
    const char *text = json_string_value(value);
    snprintf(cell, CELL_SIZE, "%s", text ? text : "-");
    if (json_is_object(value))
        snprintf(cell, CELL_SIZE, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
                 json_integer_value(json_object_get(value, "requests")),
                 json_integer_value(json_object_get(value, "seconds")));
    json_array_foreach(value, i, item)
    {
        if (used < CELL_SIZE)
            used += (size_t)snprintf(cell + used, CELL_SIZE - used, "%s%s", i > 0 ? "," : "",
                                     json_string_value(item));
    }
}

static int column_width(const json_t *keys, const char *column)
{
    int width = (int)strlen(column);
    size_t i;
    json_t *key;
    json_array_foreach(keys, i, key)
    {
        char cell[CELL_SIZE];
        write_cell(json_object_get(key, column), cell);
        if ((int)strlen(cell) > width)
            width = (int)strlen(cell);
    }
    return width;
}

/* A key of NULL is the names of the columns. */
static void print_row(const json_t *keys, const json_t *key)
{
    for (size_t i = 0; i < COUNT_OF(COLUMNS); i++) {
        char cell[CELL_SIZE];
        bool is_last = i + 1 == COUNT_OF(COLUMNS);
        write_cell(json_object_get(key, COLUMNS[i]), cell);
        printf("%-*s%s", is_last ? 0 : column_width(keys, COLUMNS[i]), key ? cell : COLUMNS[i],
               is_last ? "\n" : "  ");
    }
}

static void print_keys(const char *page)
{
    json_t *document = json_loads(page, 0, NULL), *key;
    const json_t *keys = json_object_get(document, "data");
    size_t i;
    print_row(keys, NULL);
    json_array_foreach(keys, i, key)
    {
        print_row(keys, key);
    }
    json_decref(document);
}

static int list_keys(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct database database;
    PGresult *rows = NULL;
    char limit[12];
    snprintf(limit, sizeof limit, "%d", PAGE_KEYS);
    const struct db_value values[] = {{.data = limit}, {.data = NULL}};
    if (count > 1)
        return command_misused("key", "list takes no argument %s", arguments[1]);
    bool done = database_open_prepared(&database, config, &why) &&
                db_run(database.db, STATEMENT_LIST_KEYS, values, &rows, &why);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    print_keys(PQgetvalue(rows, 0, 0));
    PQclear(rows);
    return STATUS_DONE;
}

/* key rotate, key revoke ------------------------------------------------------------------- */

/* Whether a change has found its key in force; the rows are released. */
static bool has_changed(PGresult *rows, const char *id, struct problem *why)
{
    bool is_there = rows && !PQgetisnull(rows, 0, 0);
    PQclear(rows);
    return is_there || fail(why, PROBLEM_NOT_FOUND, "there is no key %s", id);
}

static bool is_key_id(const char *text)
{
    return strlen(text) == KEY_ID_SIZE - 1;
}

static int rotate_key(const struct config *config, int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"overlap", required_argument, NULL, 'o'}, {0}};
    const char *overlap = "86400";
    struct problem why = {0};
    struct database database;
    struct new_key key;
    PGresult *rows = NULL;
    int option;
    while ((option = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1) {
        if (option != 'o' || strspn(optarg, "0123456789") != strlen(optarg) ||
            strlen(optarg) > 7 || strtol(optarg, NULL, 10) > OVERLAP_LIMIT || !*optarg)
            return command_misused("key", "--overlap takes seconds, at most %d", OVERLAP_LIMIT);
        overlap = optarg;
    }
    if (optind + 1 != count || !is_key_id(arguments[optind]))
        return command_misused("key", "rotate takes the id of one key, see clmd key list");
    bool done = database_open_prepared(&database, config, &why) &&
                (key_renew(arguments[optind], &key) ||
                 fail(&why, PROBLEM_INTERNAL, "no randomness to be had")) &&
                key_change(database.db, STATEMENT_ROTATE_KEY, &key, overlap, &rows, &why) &&
                has_changed(rows, arguments[optind], &why);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    puts(key.text);
    return STATUS_DONE;
}

static int revoke_key(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct database database;
    PGresult *rows = NULL;
    if (count != 2)
        return command_misused("key", "revoke takes the id of one key, see clmd key list");
    const struct db_value values[] = {{.data = arguments[1]}};
    bool done = database_open_prepared(&database, config, &why) &&
                database_change(database.db, STATEMENT_REVOKE_KEY, values, &rows, &why) &&
                has_changed(rows, arguments[1], &why);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    printf("revoked %s\n", arguments[1]);
    return STATUS_DONE;
}

int command_key(const struct config *config, int count, char **arguments)
{
    static const struct {
        const char *name;
        int (*run)(const struct config *config, int count, char **arguments);
    } ACTIONS[] = {{"create", create_key},
                   {"list", list_keys},
                   {"rotate", rotate_key},
                   {"revoke", revoke_key}};
    for (size_t i = 0; count > 1 && i < COUNT_OF(ACTIONS); i++)
        if (strcmp(arguments[1], ACTIONS[i].name) == 0)
            return ACTIONS[i].run(config, count - 1, arguments + 1);
    return command_misused("key", "say create, list, rotate or revoke");
}
