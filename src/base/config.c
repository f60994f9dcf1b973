#include "base/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What is true stands at the odd places. */
static const char *const TRUTHS[] = {"false", "true", "no", "yes", "off", "on", "0", "1", NULL};

enum { DESCRIPTION_SIZE = 96, EXCERPT = 32 };

/* What a setting may be: "a whole number from 1 to 16", "debug, info, warn or error". */
static void describe_values(const struct setting *setting, char text[DESCRIPTION_SIZE])
{
    const char *const *choices = setting->choices;
    text[0] = '\0';
    if (setting->kind == SETTING_TEXT)
        snprintf(text, DESCRIPTION_SIZE, "text of at most %zu bytes", setting->size - 1);
    else if (setting->kind == SETTING_NUMBER)
        snprintf(text, DESCRIPTION_SIZE, "a whole number from %u to %u", setting->minimum,
                 setting->maximum);
    else if (setting->kind == SETTING_BOOL)
        snprintf(text, DESCRIPTION_SIZE, "true or false");
    for (size_t i = 0; choices && choices[i]; i++) {
        size_t length = strlen(text);
        const char *before = i == 0 ? "" : choices[i + 1] ? ", " : " or ";
        snprintf(text + length, DESCRIPTION_SIZE - length, "%s%s", before, choices[i]);
    }
}

/* The position of a name in a list that ends with NULL, either case; −1 if it is not there. */
static int find_name(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++) {
        if (strcasecmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

static bool read_number(const char *text, unsigned minimum, unsigned maximum, unsigned *number)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 9 || text[length] != '\0')
        return false;
    *number = (unsigned)strtoul(text, NULL, 10);
    return *number >= minimum && *number <= maximum;
}

/* Stores a value at its place in the config; false if the setting may not be that. */
static bool store(const struct setting *setting, const char *value, void *place)
{
    int position;
    unsigned number;
    switch (setting->kind) {
    case SETTING_TEXT:
        if (strlen(value) >= setting->size)
            return false;
        memcpy(place, value, strlen(value) + 1);
        return true;
    case SETTING_NUMBER:
        if (!read_number(value, setting->minimum, setting->maximum, &number))
            return false;
        memcpy(place, &number, sizeof number);
        return true;
    case SETTING_BOOL:
        position = find_name(TRUTHS, value);
        *(bool *)place = position % 2 == 1;
        return position >= 0;
    case SETTING_CHOICE:
        position = find_name(setting->choices, value);
        number = (unsigned)position;
        memcpy(place, &number, sizeof number);
        return position >= 0;
    }
    return false;
}

/* name: by which the value was given, a variable or a flag, for the fault. */
static bool apply(const struct setting *setting, const char *name, const char *value,
                  struct config *config, struct problem *why)
{
    if (store(setting, value, (char *)config + setting->offset))
        return true;
    char allowed[DESCRIPTION_SIZE];
    describe_values(setting, allowed);
    if (setting->secret)
        return fail(why, PROBLEM_UNPROCESSABLE, "%s must be %s", name, allowed);
    return fail(why, PROBLEM_UNPROCESSABLE, "%s must be %s, not \"%.*s%s\"", name, allowed,
                EXCERPT, value, strlen(value) > EXCERPT ? "..." : "");
}

/* NULL for a variable that is unset or empty. */
static const char *environment(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value != '\0' ? value : NULL;
}

/* The first line of a secret's file; a second one is a fault. */
static bool read_secret(const char *variable, const char *path, char *secret, size_t size,
                        struct problem *why)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return fail(why, PROBLEM_UNPROCESSABLE, "%s: cannot read the file: %s", variable,
                    strerror(errno));
    size_t length = fread(secret, 1, size - 1, file);
    bool is_whole = feof(file) && !ferror(file);
    fclose(file);
    while (length > 0 && (secret[length - 1] == '\n' || secret[length - 1] == '\r'))
        length--;
    secret[length] = '\0';
    if (!is_whole || length == 0 || strcspn(secret, "\r\n") != length)
        return fail(why, PROBLEM_UNPROCESSABLE, "%s: the file must hold one line of text",
                    variable);
    return true;
}

static bool load_secret_file(const struct setting *setting, struct config *config,
                             struct problem *why)
{
    char variable[64], secret[sizeof config->database_url + 2];
    snprintf(variable, sizeof variable, "%s_FILE", setting->variable);
    const char *path = environment(variable);
    if (!path)
        return true;
    if (environment(setting->variable))
        return fail(why, PROBLEM_UNPROCESSABLE, "%s and %s are both set; keep one",
                    setting->variable, variable);
    return read_secret(variable, path, secret, sizeof secret, why) &&
           apply(setting, variable, secret, config, why);
}

/* By the conventions of the file system and of the XDG base directories. */
static void choose_data_dir(struct config *config)
{
    const char *shared = environment("XDG_DATA_HOME"), *home = environment("HOME");
    size_t size = sizeof config->data_dir;
    if (geteuid() == 0 || (!shared && !home))
        snprintf(config->data_dir, size, "/var/lib/clmd");
    else if (shared && shared[0] == '/')
        snprintf(config->data_dir, size, "%s/clmd", shared);
    else
        snprintf(config->data_dir, size, "%s/.local/share/clmd", home ? home : "");
}

bool config_load(struct config *config, struct problem *why)
{
    *config = (struct config){0};
    for (const struct setting *setting = SETTINGS; setting < SETTINGS + SETTING_COUNT;
         setting++) {
        const char *value = environment(setting->variable);
        if (!apply(setting, setting->variable, value ? value : setting->initial, config, why))
            return false;
        if (setting->secret && !load_secret_file(setting, config, why))
            return false;
    }
    if (config->data_dir[0] == '\0')
        choose_data_dir(config);
    return true;
}

/* The setting of "--name" or "--name=…", where `value` becomes what follows, or NULL. */
static const struct setting *find_flag(const char *argument, const char **value)
{
    if (strncmp(argument, "--", 2) != 0)
        return NULL;
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    *value = name[length] == '=' ? name + length + 1 : NULL;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *flag = SETTINGS[i].flag;
        if (flag && strlen(flag) == length && memcmp(flag, name, length) == 0)
            return &SETTINGS[i];
    }
    return NULL;
}

bool config_flags(struct config *config, int *argc, char **argv, struct problem *why)
{
    int kept = 0, count = *argc;
    for (int i = 0; i < count; i++) {
        const char *value = NULL;
        const struct setting *setting = i > 0 ? find_flag(argv[i], &value) : NULL;
        if (!setting) {
            argv[kept++] = argv[i];
            continue;
        }
        if (!value && setting->kind == SETTING_BOOL)
            value = "true";
        if (!value && i + 1 < count)
            value = argv[++i];
        char name[64];
        snprintf(name, sizeof name, "--%s", setting->flag);
        if (!value)
            return fail(why, PROBLEM_UNPROCESSABLE, "%s needs a value", name);
        if (!apply(setting, name, value, config, why))
            return false;
    }
    if (config->data_dir[0] == '\0')
        choose_data_dir(config);
    argv[kept] = NULL;
    *argc = kept;
    return true;
}

unsigned config_longest_statement(const struct config *config)
{
    const unsigned limits[] = {config->statement_seconds, config->read_seconds,
                               config->write_seconds};
    unsigned longest = 0;
    for (size_t i = 0; i < COUNT_OF(limits); i++)
        if (limits[i] > longest)
            longest = limits[i];
    return longest;
}

void config_help(FILE *out)
{
    fprintf(out, "  %-26s%-26s%-18s%s\n", "flag", "variable", "default", "meaning");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &SETTINGS[i];
        char flag[32], values[DESCRIPTION_SIZE];
        snprintf(flag, sizeof flag, "--%s", setting->flag ? setting->flag : "");
        describe_values(setting, values);
        fprintf(out, "  %-26s%-26s%-18s%s", setting->flag ? flag : "", setting->variable,
                setting->initial, setting->meaning);
        if (setting->kind == SETTING_NUMBER)
            fprintf(out, " (%u to %u)", setting->minimum, setting->maximum);
        else if (setting->kind == SETTING_CHOICE)
            fprintf(out, " (%s)", values);
        fprintf(out, "%s\n", setting->secret ? "; or _FILE: a file that holds it" : "");
    }
}
