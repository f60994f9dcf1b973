#include "base/config.h"
#include "base/log.h"
#include "command/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int command_help(const struct config *config, int count, char **arguments);
static int command_version(const struct config *config, int count, char **arguments);

struct command {
    const char *name;
    const char *arguments;
    const char *summary;
    const char *details; /* for its own --help; NULL: there is no more to say */
    int (*run)(const struct config *config, int count, char **arguments);
};

static const struct command COMMANDS[] = {
    {"serve", "", "run the service",
     "Without DATABASE_URL it makes, starts and owns a private PostgreSQL in the data\n"
     "directory, and on the first start puts a key of scope admin into admin.key there.\n"
     "With it, the schema is only checked, unless --migrate is given.\n",
     command_serve},
    {"migrate", "", "bring the database's schema up to date", NULL, command_migrate},
    {"roles", "", "print the SQL that makes the database's roles",
     "For whoever administers the cluster: clmd roles | psql DATABASE. Then clmd migrate\n"
     "runs as clmd_owner, and clmd serve as clmd_server, which cannot change the ledger or\n"
     "the schema. The private PostgreSQL has these roles by itself.\n",
     command_roles},
    {"key", "create --name NAME --scope SCOPE[,SCOPE...] | list | rotate ID | revoke ID",
     "make, list, rotate and revoke API keys",
     "create prints the new key, once: only a hash of it is kept. The scopes are\n"
     "events:write, events:read, customers:read, customers:write, metrics:read,\n"
     "config:write, privacy and admin, which is all of them. With --source NAME[,NAME...]\n"
     "and --type TYPE[,TYPE...] the key posts those events alone (bill.* is all that begin\n"
     "so); with --expires 2027-01-01T00:00:00Z it ends by itself; with --rate 600/60 it may\n"
     "make so many requests in so many seconds, whatever the servers' settings say.\n"
     "rotate prints another secret for the key; the one before is good for --overlap\n"
     "seconds more, a day if that is not given. revoke takes effect at once, on every\n"
     "server, and ends the tokens made with the key.\n",
     command_key},
    {"import", "FILE [--format csv|ndjson] [--source NAME] [--type NAME] [--rejects FILE]",
     "store the events of a file, or of - for standard input",
     "A name that ends in .csv is CSV, all else NDJSON; .gz is unpacked. --source and --type "
     "are\n"
     "for CSV without these columns. What is refused goes to FILE.rejects.ndjson with its "
     "line\n"
     "number and the reasons, and makes the exit status 3. An import can be started again at\n"
     "any time: what is stored already counts as a duplicate.\n",
     command_import},
    {"verify", "", "compare what is derived with the ledger",
     "Exits with 1 if there is a difference.\n", command_verify},
    {"rebuild", "[--timezone ZONE | --week-start DAY | --dunning-days NUMBER]",
     "derive everything from the ledger anew, while the service runs",
     "With --timezone it changes the business's time zone instead, with --week-start the "
     "first\n"
     "day of its weeks (monday, saturday or sunday), and cuts all days and weeks anew, in one\n"
     "transaction; with --dunning-days, the days within which a failed payment may be made\n"
     "good, and derives the MRR of those who had one. Events wait meanwhile.\n",
     command_rebuild},
    {"health", "", "ask the running service whether it is ready", NULL, command_health},
    {"version", "", "print the version", NULL, command_version},
    {"help", "[COMMAND]", "explain a command", NULL, command_help},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

/* Help ------------------------------------------------------------------------------------- */

static void print_overview(FILE *out)
{
    fputs("clmd keeps the lifecycle of customers: events in, stages and metrics out.\n\n"
          "Usage: clmd COMMAND [ARGUMENTS] [SETTINGS]\n\nCommands:\n",
          out);
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++)
        fprintf(out, "  %-9s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    fputs("\nSettings, of every command:\n", out);
    config_help(out);
}

static void print_help(const struct command *command)
{
    printf("%s: %s\n\nUsage: clmd %s%s%s [SETTINGS]\n", command->name, command->summary,
           command->name, *command->arguments ? " " : "", command->arguments);
    if (command->details)
        printf("\n%s", command->details);
    puts("\nSettings:");
    config_help(stdout);
}

static int command_help(const struct config *config, int count, char **arguments)
{
    (void)config;
    const struct command *command = count > 1 ? find_command(arguments[1]) : NULL;
    if (count > 1 && !command)
        return command_misused("help", "there is no command %s", arguments[1]);
    if (command)
        print_help(command);
    else
        print_overview(stdout);
    return STATUS_DONE;
}

static int command_version(const struct config *config, int count, char **arguments)
{
    (void)config;
    (void)count;
    (void)arguments;
    puts("clmd " CLMD_VERSION);
    return STATUS_DONE;
}

/* Help does not depend on settings that may be wrong. */
static bool wants_help(int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0)
            return true;
    return false;
}

/* Signals ---------------------------------------------------------------------------------- */

static void end_by_signal(int number)
{
    _exit(128 + number);
}

/* The first process of a container is not ended by a signal that it has said nothing about: a
 * server that still waits for its database would have to be killed, an import would not hear
 * Ctrl-C. Like all other processes it is then, with the exit status that a shell gives them;
 * whoever waits for signals blocks them. */
static void hear_signals_as_first_process(void)
{
    static const int ENDS[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    struct sigaction action;
    for (size_t i = 0; i < COUNT_OF(ENDS) && getpid() == 1; i++)
        if (sigaction(ENDS[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
            (void)signal(ENDS[i], end_by_signal);
}

int main(int count, char **arguments)
{
    struct config config;
    struct problem why = {0};
    hear_signals_as_first_process();
    if (wants_help(count, arguments)) {
        const struct command *command = find_command(arguments[1]);
        arguments[1] = command ? arguments[1] : NULL;
        return command_help(NULL, command ? 2 : 1, arguments);
    }
    if (!config_load(&config, &why) || !config_flags(&config, &count, arguments, &why)) {
        fprintf(stderr, "clmd: %s\n", why.detail);
        return STATUS_USAGE;
    }
    log_setup(config.log_level, config.log_format);
    const struct command *command = count > 1 ? find_command(arguments[1]) : NULL;
    if (command)
        return command->run(&config, count - 1, arguments + 1);
    if (count > 1)
        fprintf(stderr, "clmd: there is no command %s; clmd help lists them\n", arguments[1]);
    else
        print_overview(stderr);
    return STATUS_USAGE;
}
