/* What the service tells of itself, against what is said of it: the README's table, the alert
 * rules and the dashboard name metrics that there are, and the table names all of them. */
#include "api/scrape.h"
#include "base/compiler.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

static char text[1 << 20];

static void read_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", CLMD_SOURCE, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
}

static const struct family *find_family(const char *name, size_t length)
{
    for (size_t i = 0; i < SCRAPED_TABLES; i++)
        for (size_t j = 0; j < SCRAPED[i]->count; j++) {
            const struct family *family = &SCRAPED[i]->rows[j].family;
            if (strlen(family->name) == length && memcmp(family->name, name, length) == 0)
                return family;
        }
    return NULL;
}

/* A family, or one of the series that a histogram or a summary consists of. */
static bool is_series(const char *name, size_t length)
{
    static const char *const SUFFIXES[] = {"_bucket", "_sum", "_count"};
    if (find_family(name, length))
        return true;
    for (size_t i = 0; i < COUNT_OF(SUFFIXES); i++) {
        size_t end = strlen(SUFFIXES[i]);
        const struct family *family = NULL;
        if (length > end && memcmp(name + length - end, SUFFIXES[i], end) == 0)
            family = find_family(name, length - end);
        if (family &&
            (family->kind == FAMILY_HISTOGRAM || (family->kind == FAMILY_SUMMARY && i > 0)))
            return true;
    }
    return false;
}

static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz_0123456789";

/* Every word of the file that begins like a metric of ours is one; how many there were. */
static size_t check_names(const char *file, const char *prefix)
{
    size_t count = 0;
    read_file(file);
    for (const char *at = text; (at = strstr(at, prefix));) {
        size_t length = strspn(at, LETTERS);
        bool is_word = at == text || !strchr(LETTERS, at[-1]);
        ck_assert_msg(!is_word || is_series(at, length), "%s: %.*s", file, (int)length, at);
        count += is_word;
        at += length;
    }
    return count;
}

START_TEST(rules_and_dashboard_name_what_there_is)
{
    ck_assert_uint_gt(check_names("ops/prometheus/rules.yaml", "clmd_"), 20);
    ck_assert_uint_gt(check_names("ops/prometheus/rules.yaml", "process_"), 1);
    ck_assert_uint_gt(check_names("ops/prometheus/rules_test.yaml", "clmd_"), 20);
    ck_assert_uint_gt(check_names("ops/grafana/clmd.json", "clmd_"), 40);
    ck_assert_uint_gt(check_names("ops/grafana/clmd.json", "process_"), 3);
}
END_TEST

START_TEST(the_table_has_all_of_them_in_their_words)
{
    read_file("README.md");
    char *table = strstr(text, "\n### Metrics\n"), *end = strstr(text, "\n### Settings\n");
    ck_assert(table && end && table < end);
    *end = '\0';
    size_t rows = 0, families = 0;
    for (const char *at = table; (at = strstr(at, "\n| `")); at += 4) {
        size_t length = strspn(at + 4, LETTERS);
        ck_assert_msg(at[4 + length] == '`' && find_family(at + 4, length), "%.*s", (int)length,
                      at + 4);
        rows++;
    }
    for (size_t i = 0; i < SCRAPED_TABLES; i++)
        for (size_t j = 0; j < SCRAPED[i]->count; j++, families++) {
            static const char *const KINDS[] = {"counter", "gauge", "histogram", "summary"};
            const struct family *family = &SCRAPED[i]->rows[j].family;
            char row[512];
            snprintf(row, sizeof row, "\n| `%s` | %s | %s |\n", family->name,
                     KINDS[family->kind], family->help);
            ck_assert_msg(strstr(text, row) != NULL, "%s", row);
        }
    ck_assert_uint_eq(rows, families);
}
END_TEST

START_TEST(names_are_as_prometheus_wants_them)
{
    for (size_t i = 0; i < SCRAPED_TABLES; i++)
        for (size_t j = 0; j < SCRAPED[i]->count; j++) {
            const struct family *family = &SCRAPED[i]->rows[j].family;
            size_t length = strlen(family->name);
            bool has_suffix = length > 6 && strcmp(family->name + length - 6, "_total") == 0;
            ck_assert_uint_eq(strspn(family->name, LETTERS), length);
            ck_assert_msg(has_suffix == (family->kind == FAMILY_COUNTER), "%s", family->name);
            ck_assert_ptr_null(strpbrk(family->help, "\\\n|"));
            ck_assert_ptr_eq(find_family(family->name, length), family);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scrape");
    TCase *all = tcase_create("scrape");
    tcase_add_test(all, rules_and_dashboard_name_what_there_is);
    tcase_add_test(all, the_table_has_all_of_them_in_their_words);
    tcase_add_test(all, names_are_as_prometheus_wants_them);
    suite_add_tcase(suite, all);
    return tap_run(suite);
}
