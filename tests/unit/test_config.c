/* Each test runs in a process of its own: what one sets in the environment is gone for the
 * next. */
#include "base/config.h"

#include "tap.h"

#include <string.h>
#include <unistd.h>

static struct config config;
static struct problem why;

static void set_up(void)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        unsetenv(SETTINGS[i].variable);
    unsetenv("DATABASE_URL_FILE");
    why = (struct problem){0};
}

START_TEST(the_table_is_whole)
{
    const struct setting *setting = &SETTINGS[_i];
    bool is_ours = strncmp(setting->variable, "CLMD_", 5) == 0;
    char flag[64];
    snprintf(flag, sizeof flag, "%s", setting->variable + (is_ours ? 5 : 0));
    for (char *at = flag; *at != '\0'; at++)
        *at = *at == '_' ? '-' : (char)(*at | 0x20);
    ck_assert_str_eq(setting->flag, flag);
    ck_assert_uint_le(setting->offset + setting->size, sizeof(struct config));
    ck_assert_uint_gt(strlen(setting->meaning), 0);
    ck_assert_int_eq(setting->kind == SETTING_CHOICE, setting->choices != NULL);
}
END_TEST

START_TEST(without_an_environment_there_are_defaults)
{
    ck_assert_msg(config_load(&config, &why), "%s", why.detail);
    ck_assert_str_eq(config.listen, "127.0.0.1:8080");
    ck_assert_str_eq(config.database_url, "");
    ck_assert(!config.migrate);
    ck_assert_uint_eq(config.io_threads, 2);
    ck_assert_uint_eq(config.read_workers, 4);
    ck_assert_uint_eq(config.batch_events, 500);
    ck_assert_uint_eq(config.body_limit, 4 * 1024 * 1024);
    ck_assert_uint_eq(config.statement_seconds, 30);
    ck_assert_int_eq(config.log_level, LOG_LEVEL_INFO);
    ck_assert_int_eq(config.log_format, LOG_FORMAT_LOGFMT);
}
END_TEST

START_TEST(the_data_directory_follows_the_user)
{
    setenv("HOME", "/home/ada", 1);
    setenv("XDG_DATA_HOME", "/data/ada", 1);
    ck_assert(config_load(&config, &why));
    ck_assert_str_eq(config.data_dir, geteuid() == 0 ? "/var/lib/clmd" : "/data/ada/clmd");
    uid_t user = geteuid();
    if (user == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert(config_load(&config, &why));
    ck_assert_str_eq(config.data_dir, "/data/ada/clmd");
    setenv("XDG_DATA_HOME", "not/absolute", 1);
    ck_assert(config_load(&config, &why));
    ck_assert_str_eq(config.data_dir, "/home/ada/.local/share/clmd");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    ck_assert(config_load(&config, &why));
    ck_assert_str_eq(config.data_dir, "/var/lib/clmd");
    setenv("CLMD_DATA_DIR", "/srv/clmd", 1);
    ck_assert(config_load(&config, &why));
    ck_assert_str_eq(config.data_dir, "/srv/clmd");
    ck_assert_int_eq(seteuid(user), 0);
}
END_TEST

START_TEST(the_environment_is_over_the_defaults)
{
    setenv("CLMD_LISTEN", "[::1]:0", 1);
    setenv("CLMD_IO_THREADS", "16", 1);
    setenv("CLMD_READ_WORKERS", "", 1);
    setenv("CLMD_MIGRATE", "yes", 1);
    setenv("CLMD_LOG_LEVEL", "DEBUG", 1);
    setenv("CLMD_LOG_FORMAT", "json", 1);
    ck_assert_msg(config_load(&config, &why), "%s", why.detail);
    ck_assert_str_eq(config.listen, "[::1]:0");
    ck_assert_uint_eq(config.io_threads, 16);
    ck_assert_uint_eq(config.read_workers, 4);
    ck_assert(config.migrate);
    ck_assert_int_eq(config.log_level, LOG_LEVEL_DEBUG);
    ck_assert_int_eq(config.log_format, LOG_FORMAT_JSON);
}
END_TEST

static const struct {
    const char *variable, *value, *detail;
} FAULTS[] = {
    {"CLMD_IO_THREADS", "0", "CLMD_IO_THREADS must be a whole number from 1 to 16, not \"0\""},
    {"CLMD_IO_THREADS", "17",
     "CLMD_IO_THREADS must be a whole number from 1 to 16, not \"17\""},
    {"CLMD_IO_THREADS", "-1",
     "CLMD_IO_THREADS must be a whole number from 1 to 16, not \"-1\""},
    {"CLMD_IO_THREADS", "2x",
     "CLMD_IO_THREADS must be a whole number from 1 to 16, not \"2x\""},
    {"CLMD_IO_THREADS", " 2",
     "CLMD_IO_THREADS must be a whole number from 1 to 16, not \" 2\""},
    {"CLMD_IO_THREADS", "4294967297",
     "CLMD_IO_THREADS must be a whole number from 1 to 16, not \"4294967297\""},
    {"CLMD_MIGRATE", "maybe", "CLMD_MIGRATE must be true or false, not \"maybe\""},
    {"CLMD_LOG_LEVEL", "loud",
     "CLMD_LOG_LEVEL must be debug, info, warn or error, not \"loud\""},
    {"CLMD_LOG_FORMAT", "a-value-that-is-longer-than-an-excerpt-may-be",
     "CLMD_LOG_FORMAT must be logfmt or json, not \"a-value-that-is-longer-than-an-e...\""},
};

START_TEST(a_fault_names_the_variable_and_what_it_may_be)
{
    setenv(FAULTS[_i].variable, FAULTS[_i].value, 1);
    ck_assert(!config_load(&config, &why));
    ck_assert_str_eq(why.detail, FAULTS[_i].detail);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_refused_and_a_secret_is_not_told)
{
    char text[3000];
    memset(text, 's', sizeof text);
    text[sizeof text - 1] = '\0';
    setenv("DATABASE_URL", text, 1);
    ck_assert(!config_load(&config, &why));
    ck_assert_str_eq(why.detail, "DATABASE_URL must be text of at most 2047 bytes");
    unsetenv("DATABASE_URL");
    setenv("CLMD_LISTEN", text, 1);
    ck_assert(!config_load(&config, &why));
    ck_assert_ptr_nonnull(strstr(why.detail, "CLMD_LISTEN must be text of at most 127 bytes"));
}
END_TEST

static char secret_path[] = "/tmp/clmd_test_config_XXXXXX";

static void write_secret(const char *text)
{
    int file = mkstemp(secret_path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    setenv("DATABASE_URL_FILE", secret_path, 1);
}

START_TEST(a_secret_may_come_from_a_file)
{
    write_secret("postgresql:///clmd\n");
    ck_assert_msg(config_load(&config, &why), "%s", why.detail);
    ck_assert_str_eq(config.database_url, "postgresql:///clmd");
    setenv("DATABASE_URL", "postgresql:///other", 1);
    ck_assert(!config_load(&config, &why));
    ck_assert_str_eq(why.detail, "DATABASE_URL and DATABASE_URL_FILE are both set; keep one");
    unlink(secret_path);
    unsetenv("DATABASE_URL");
    ck_assert(!config_load(&config, &why));
    ck_assert_ptr_nonnull(
        strstr(why.detail, "DATABASE_URL_FILE: cannot read the file: No such"));
}
END_TEST

static const char *const NO_SECRETS[] = {"", "\n", "one\ntwo\n"};

START_TEST(a_secrets_file_has_one_line)
{
    write_secret(NO_SECRETS[_i]);
    bool is_loaded = config_load(&config, &why);
    unlink(secret_path);
    ck_assert(!is_loaded);
    ck_assert_str_eq(why.detail, "DATABASE_URL_FILE: the file must hold one line of text");
}
END_TEST

static char *arguments[16];

/* Makes the arguments of a line, with a bar between them; returns how many there are. */
static int split(const char *line)
{
    static char text[256];
    snprintf(text, sizeof text, "%s", line);
    int count = 0;
    for (char *rest = text; rest;)
        arguments[count++] = strsep(&rest, "|");
    arguments[count] = NULL;
    return count;
}

START_TEST(flags_are_over_the_environment_and_taken_out)
{
    int count = split("clmd|serve|--listen|0.0.0.0:1|--unknown|--migrate|file.csv"
                      "|--io-threads=3|--data-dir|/srv/x y|-v");
    setenv("CLMD_LISTEN", "127.0.0.1:9", 1);
    ck_assert(config_load(&config, &why));
    ck_assert_msg(config_flags(&config, &count, arguments, &why), "%s", why.detail);
    ck_assert_str_eq(config.listen, "0.0.0.0:1");
    ck_assert(config.migrate);
    ck_assert_uint_eq(config.io_threads, 3);
    ck_assert_str_eq(config.data_dir, "/srv/x y");
    ck_assert_int_eq(count, 5);
    ck_assert_str_eq(arguments[1], "serve");
    ck_assert_str_eq(arguments[2], "--unknown");
    ck_assert_str_eq(arguments[3], "file.csv");
    ck_assert_str_eq(arguments[4], "-v");
    ck_assert_ptr_null(arguments[5]);
}
END_TEST

static const struct {
    const char *line, *detail;
} BAD_FLAGS[] = {
    {"clmd|--listen", "--listen needs a value"},
    {"clmd|--io-threads|many",
     "--io-threads must be a whole number from 1 to 16, not \"many\""},
    {"clmd|--io-threads=", "--io-threads must be a whole number from 1 to 16, not \"\""},
    {"clmd|--migrate=2", "--migrate must be true or false, not \"2\""},
};

START_TEST(bad_flags_are_told)
{
    int count = split(BAD_FLAGS[_i].line);
    ck_assert(config_load(&config, &why));
    ck_assert(!config_flags(&config, &count, arguments, &why));
    ck_assert_str_eq(why.detail, BAD_FLAGS[_i].detail);
}
END_TEST

START_TEST(the_longest_statement_is_that_of_any_kind)
{
    static const char *const LIMITS[] = {"CLMD_STATEMENT_SECONDS", "CLMD_READ_SECONDS",
                                         "CLMD_WRITE_SECONDS"};
    for (size_t i = 0; i < COUNT_OF(LIMITS); i++) {
        setenv(LIMITS[i], "3600", 1);
        ck_assert(config_load(&config, &why));
        ck_assert_uint_eq(config_longest_statement(&config), 3600);
        unsetenv(LIMITS[i]);
        ck_assert(config_load(&config, &why));
        ck_assert_uint_lt(config_longest_statement(&config), 3600);
    }
}
END_TEST

START_TEST(help_has_every_setting_and_no_secret)
{
    char *text = NULL;
    size_t length = 0;
    setenv("DATABASE_URL", "postgresql://hidden", 1);
    ck_assert(config_load(&config, &why));
    FILE *out = open_memstream(&text, &length);
    config_help(out);
    fclose(out);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        ck_assert_ptr_nonnull(strstr(text, SETTINGS[i].variable));
    ck_assert_ptr_null(strstr(text, "hidden"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, the_table_is_whole, 0, (int)SETTING_COUNT);
    tcase_add_test(tests, without_an_environment_there_are_defaults);
    tcase_add_test(tests, the_data_directory_follows_the_user);
    tcase_add_test(tests, the_environment_is_over_the_defaults);
    tcase_add_loop_test(tests, a_fault_names_the_variable_and_what_it_may_be, 0,
                        COUNT_OF(FAULTS));
    tcase_add_test(tests, a_text_that_is_too_long_is_refused_and_a_secret_is_not_told);
    tcase_add_test(tests, a_secret_may_come_from_a_file);
    tcase_add_loop_test(tests, a_secrets_file_has_one_line, 0, COUNT_OF(NO_SECRETS));
    tcase_add_test(tests, flags_are_over_the_environment_and_taken_out);
    tcase_add_loop_test(tests, bad_flags_are_told, 0, COUNT_OF(BAD_FLAGS));
    tcase_add_test(tests, the_longest_statement_is_that_of_any_kind);
    tcase_add_test(tests, help_has_every_setting_and_no_secret);
    return tap_run(suite);
}
