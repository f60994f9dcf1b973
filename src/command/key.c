#include "base/digest.h"
#include "command/command.h"
#include "command/database.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { SCOPES_SIZE = 256, NAME_LIMIT = 200 };

/* The options of `key create`. */
struct wish {
    const char *name;
    char scopes[SCOPES_SIZE]; /* with commas between */
};

bool key_store(struct db *db, const struct new_key *key, const char *name, const char *scopes,
               struct problem *why)
{
    char digest[2 * sizeof key->digest + 1], array[SCOPES_SIZE + 2];
    hex_encode(key->digest, sizeof key->digest, digest);
    snprintf(array, sizeof array, "{%s}", scopes);
    const struct db_value values[] = {
        {.data = key->id}, {.data = name}, {.data = array}, {.data = digest}};
    PGresult *rows;
    if (!database_change(db, STATEMENT_CREATE_KEY, values, &rows, why))
        return false;
    PQclear(rows);
    return true;
}

/* key create ------------------------------------------------------------------------------- */

/* Takes "a,b" apart. False at a name that is no scope's; it is then left in `name`. */
static bool add_scopes(struct wish *wish, const char *list, char name[SCOPES_SIZE])
{
    while (*list) {
        size_t length = strcspn(list, ","), used = strlen(wish->scopes);
        snprintf(name, SCOPES_SIZE, "%.*s", (int)length, list);
        if (scope_of_name(name) == SCOPE_NONE || used + length + 2 > SCOPES_SIZE)
            return false;
        if (used > 0)
            wish->scopes[used++] = ',';
        memcpy(wish->scopes + used, name, length + 1);
        list += length + (list[length] == ',');
    }
    return true;
}

/* A name stands on one line of a table. */
static bool is_name(const char *text)
{
    size_t length = strlen(text), plain = 0;
    while (plain < length && (unsigned char)text[plain] >= ' ' && text[plain] != '\x7f')
        plain++;
    return length > 0 && length <= NAME_LIMIT && plain == length;
}

/* STATUS_DONE, or STATUS_USAGE after having told. */
static int read_wish(int count, char **arguments, struct wish *wish)
{
    static const struct option OPTIONS[] = {
        {"name", required_argument, NULL, 'n'}, {"scope", required_argument, NULL, 's'}, {0}};
    char name[SCOPES_SIZE];
    int option;
    while ((option = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1) {
        if (option == 'n')
            wish->name = optarg;
        else if (option != 's')
            return STATUS_USAGE;
        else if (!add_scopes(wish, optarg, name))
            return command_misused("key", "there is no scope \"%s\"", name);
    }
    if (optind < count)
        return command_misused("key", "create takes no argument %s", arguments[optind]);
    if (!wish->name || !is_name(wish->name) || !*wish->scopes)
        return command_misused("key",
                               "create needs --name (at most %d bytes, no control "
                               "characters) and --scope",
                               NAME_LIMIT);
    return STATUS_DONE;
}

static int create_key(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct database database;
    struct wish wish = {0};
    struct new_key key;
    int status = read_wish(count, arguments, &wish);
    if (status != STATUS_DONE)
        return status;
    bool done = database_open_prepared(&database, config, &why) &&
                (key_make(&key) || fail(&why, PROBLEM_INTERNAL, "no randomness to be had")) &&
                key_store(database.db, &key, wish.name, wish.scopes, &why);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    puts(key.text);
    return STATUS_DONE;
}

/* key list --------------------------------------------------------------------------------- */

static int column_width(const PGresult *rows, int column)
{
    int width = (int)strlen(PQfname(rows, column));
    for (int row = 0; row < PQntuples(rows); row++) {
        int length = PQgetlength(rows, row, column);
        width = length > width ? length : width;
    }
    return width;
}

/* row −1 is the names of the columns */
static void print_row(const PGresult *rows, int row)
{
    for (int column = 0; column < PQnfields(rows); column++) {
        const char *text = row < 0 ? PQfname(rows, column) : PQgetvalue(rows, row, column);
        if (column + 1 < PQnfields(rows))
            printf("%-*s  ", column_width(rows, column), text);
        else
            puts(text);
    }
}

static int list_keys(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct database database;
    PGresult *rows = NULL;
    if (count > 1)
        return command_misused("key", "list takes no argument %s", arguments[1]);
    bool done = database_open_prepared(&database, config, &why) &&
                db_run(database.db, STATEMENT_LIST_KEYS, NULL, &rows, &why);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    for (int row = -1; row < PQntuples(rows); row++)
        print_row(rows, row);
    PQclear(rows);
    return STATUS_DONE;
}

/* key revoke ------------------------------------------------------------------------------- */

static int revoke_key(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct database database;
    PGresult *rows;
    if (count != 2)
        return command_misused("key", "revoke takes the id of one key, see clmd key list");
    const struct db_value values[] = {{.data = arguments[1]}};
    bool done = database_open_prepared(&database, config, &why) &&
                database_change(database.db, STATEMENT_REVOKE_KEY, values, &rows, &why);
    if (done) {
        done = PQgetvalue(rows, 0, 0)[0] == 't' ||
               fail(&why, PROBLEM_NOT_FOUND, "there is no key %s in force", arguments[1]);
        PQclear(rows);
    }
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
    } ACTIONS[] = {{"create", create_key}, {"list", list_keys}, {"revoke", revoke_key}};
    for (size_t i = 0; count > 1 && i < COUNT_OF(ACTIONS); i++)
        if (strcmp(arguments[1], ACTIONS[i].name) == 0)
            return ACTIONS[i].run(config, count - 1, arguments + 1);
    return command_misused("key", "say create, list or revoke");
}
