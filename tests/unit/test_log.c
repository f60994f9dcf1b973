#include "base/log.h"

#include "tap.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 4096 };

static int pipe_ends[2];
static int old_stderr;

static void set_up(void)
{
    old_stderr = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe2(pipe_ends, O_NONBLOCK), 0);
    dup2(pipe_ends[1], STDERR_FILENO);
}

static void tear_down(void)
{
    dup2(old_stderr, STDERR_FILENO);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

/* What was logged, without the time. Its form is checked on the way. */
static const char *logged(const char *before_time)
{
    static char text[2 * LINE_SIZE];
    ssize_t length = read(pipe_ends[0], text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    if (length <= 0)
        return text;
    size_t skip = strlen(before_time);
    ck_assert_int_eq(strncmp(text, before_time, skip), 0);
    ck_assert_uint_eq(strspn(text + skip, "0123456789-:.TZ"), 24);
    ck_assert_int_eq(text[length - 1], '\n');
    text[length - 1] = '\0';
    return text + skip + 24;
}

START_TEST(logfmt_quotes_what_needs_it)
{
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
    log_line(LOG_LEVEL_WARN, "slow answer", "path", "/v1/events", "empty", "", "said",
             "a \"b\"\n\x01\x7f", "query", "a=b", "name", "M\u00fcller", NULL);
    ck_assert_str_eq(logged("time="),
                     " level=warn msg=\"slow answer\" path=/v1/events empty=\"\""
                     " said=\"a \\\"b\\\"\\n\\u0001\\u007f\" query=\"a=b\" name=M\u00fcller");
}
END_TEST

START_TEST(json_is_escaped)
{
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_line(LOG_LEVEL_ERROR, "failed", "why", "say \"no\"\t\\", NULL);
    ck_assert_str_eq(
        logged("{\"time\":\""),
        "\",\"level\":\"error\",\"msg\":\"failed\",\"why\":\"say \\\"no\\\"\\t\\\\\"}");
}
END_TEST

START_TEST(ill_formed_text_is_replaced)
{
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
    log_line(LOG_LEVEL_INFO, "m", "a", "\xff", "b", "x\xe2\x82", NULL);
    ck_assert_str_eq(logged("time="), " level=info msg=m a=\"\ufffd\" b=\"x\ufffd\ufffd\"");
}
END_TEST

START_TEST(below_the_threshold_nothing_is_written)
{
    log_setup(LOG_LEVEL_WARN, LOG_FORMAT_LOGFMT);
    log_line(LOG_LEVEL_INFO, "quiet", NULL);
    ck_assert_str_eq(logged("time="), "");
    log_line(LOG_LEVEL_WARN, "loud", NULL);
    ck_assert_str_eq(logged("time="), " level=warn msg=loud");
}
END_TEST

START_TEST(a_null_value_ends_the_pairs)
{
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
    const char *absent = NULL;
    log_line(LOG_LEVEL_INFO, "m", "a", "1", "b", absent, "c", "3", NULL);
    ck_assert_str_eq(logged("time="), " level=info msg=m a=1");
}
END_TEST

/* However long the value, and wherever the line ends, it is one line, quoted and ended. */
START_TEST(a_long_line_is_cut_and_whole)
{
    char value[2 * LINE_SIZE], line[2 * LINE_SIZE];
    memset(value, _i % 2 == 0 ? 'x' : '\n', sizeof value);
    value[LINE_SIZE - _i] = '\0';
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_line(LOG_LEVEL_INFO, "m", "long", value, "last", "end", NULL);
    snprintf(line, sizeof line, "{\"time\":\"%s", logged("{\"time\":\""));
    ck_assert_uint_gt(strlen(line), LINE_SIZE - 128);
    ck_assert_uint_lt(strlen(line), LINE_SIZE);

    json_error_t error;
    json_t *object = json_loads(line, 0, &error);
    ck_assert_msg(object != NULL, "%s: %s", error.text, line);
    const char *cut = json_string_value(json_object_get(object, "long"));
    const char *last = json_string_value(json_object_get(object, "last"));
    ck_assert(strstr(cut, "\u2026") || strlen(cut) == strlen(value));
    ck_assert(!strstr(cut, "\u2026") || !last);
    json_decref(object);
}
END_TEST

START_TEST(a_long_word_is_cut_without_quotation_marks)
{
    char value[2 * LINE_SIZE];
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
    log_line(LOG_LEVEL_INFO, "m", "long", value, NULL);
    const char *line = logged("time=");
    ck_assert_ptr_null(strchr(line, '"'));
    ck_assert_str_eq(line + strlen(line) - 4, "x\u2026");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, logfmt_quotes_what_needs_it);
    tcase_add_test(tests, json_is_escaped);
    tcase_add_test(tests, ill_formed_text_is_replaced);
    tcase_add_test(tests, below_the_threshold_nothing_is_written);
    tcase_add_test(tests, a_null_value_ends_the_pairs);
    tcase_add_loop_test(tests, a_long_line_is_cut_and_whole, 0, 160);
    tcase_add_test(tests, a_long_word_is_cut_without_quotation_marks);
    return tap_run(suite);
}
