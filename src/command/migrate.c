#include "db/migrate.h"
#include "command/command.h"
#include "command/database.h"

#include <stdio.h>

int command_migrate(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct database database;
    if (count > 1)
        return command_misused("migrate", "it takes no argument %s", arguments[1]);
    bool done = database_open(&database, config, EMBEDDED_SHARE, &why) &&
                database_migrate(&database, config, &why);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    puts("the schema is up to date");
    return STATUS_DONE;
}

int command_roles(const struct config *config, int count, char **arguments)
{
    (void)config;
    if (count > 1)
        return command_misused("roles", "it takes no argument %s", arguments[1]);
    fputs(MIGRATION_ROLES, stdout);
    return STATUS_DONE;
}
