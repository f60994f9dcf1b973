#include "ingest/csv_event.h"

#include "tap.h"

#include <stdio.h>
#include <string.h>

enum { MEMORY = 4 * 1024 * 1024 };

static struct arena *arena;
static struct reader reader;
static struct csv_row row;
static struct problem why;
static struct csv_constants constants;
static const char *input;
static size_t input_length;

static void set_up(void)
{
    arena = arena_create(MEMORY);
    ck_assert(csv_create(arena, &row));
    why = (struct problem){.code = PROBLEM_NONE};
}

static void tear_down(void)
{
    arena_destroy(arena);
}

/* A few bytes at a time, so that every seam is met, with silence between them. */
static enum source_state read_text(void *piece, char *into, size_t size, size_t *length)
{
    static bool is_quiet;
    *length = 0;
    is_quiet = !is_quiet;
    if (is_quiet)
        return SOURCE_QUIET;
    if (input_length == 0)
        return SOURCE_ENDED;
    *length = input_length < *(const size_t *)piece ? input_length : *(const size_t *)piece;
    ck_assert_uint_le(*length, size);
    memcpy(into, input, *length);
    input += *length;
    input_length -= *length;
    return SOURCE_FLOWS;
}

static void open_input(const char *text, size_t length, size_t piece)
{
    static size_t piece_size;
    piece_size = piece;
    input = text;
    input_length = length;
    reader_start(&reader, (struct source){read_text, &piece_size});
}

static void open_text(const char *text)
{
    open_input(text, strlen(text), 3);
}

static void expect_row(size_t count, const char *first, const char *last)
{
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_ROW);
    ck_assert_uint_eq(row.count, count);
    ck_assert_str_eq(csv_cell(&row, 0), first);
    ck_assert_str_eq(csv_cell(&row, count - 1), last);
}

START_TEST(lines_are_read)
{
    char text[8];
    size_t length;
    open_text("\xef\xbb\xbf"
              "one\r\n\r\n \t\ntoo long a line\n12345678\nlast");
    ck_assert_int_eq(reader_line(&reader, text, sizeof text, &length), READ_ROW);
    ck_assert_mem_eq(text, "one", length);
    ck_assert_uint_eq(reader.first_line, 1);
    ck_assert_int_eq(reader_line(&reader, text, sizeof text, &length), READ_BAD);
    ck_assert_uint_eq(reader.first_line, 4);
    ck_assert_mem_eq(reader.excerpt, "too long a line", 15);
    ck_assert_int_eq(reader_line(&reader, text, sizeof text, &length), READ_ROW);
    ck_assert_uint_eq(length, 8);
    ck_assert_int_eq(reader_line(&reader, text, sizeof text, &length), READ_ROW);
    ck_assert_mem_eq(text, "last", length);
    ck_assert_uint_eq(reader.first_line, 6);
    ck_assert_int_eq(reader_line(&reader, text, sizeof text, &length), READ_END);
    ck_assert_uint_eq(reader.bytes, 3 + 3 + 2 + 2 + 3 + 16 + 9 + 4);
}
END_TEST

START_TEST(rows_are_read)
{
    open_text("a,b,c\r\n\r\n,,\n\"x, \"\"y\"\"\",\"two\nlines\"\nlast,");
    expect_row(3, "a", "c");
    expect_row(3, "", "");
    ck_assert_uint_eq(reader.first_line, 3);
    expect_row(2, "x, \"y\"", "two\nlines");
    ck_assert_uint_eq(row.lengths[1], 9);
    expect_row(2, "last", "");
    ck_assert_uint_eq(reader.first_line, 6);
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_END);
}
END_TEST

static const char *const BAD_ROWS[][2] = {
    {"5\" disc,b\nnext,row\n", "a quote stands in a cell"},
    {"\"a\"b,c\nnext,row\n", "something follows a closing quote"},
};

START_TEST(a_bad_row_harms_no_other)
{
    open_text(BAD_ROWS[_i][0]);
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_BAD);
    ck_assert_int_eq(strncmp(why.detail, BAD_ROWS[_i][1], strlen(BAD_ROWS[_i][1])), 0);
    expect_row(2, "next", "row");
}
END_TEST

START_TEST(an_open_quote_is_bounded)
{
    open_text("a,\"never closed\nb,c\n");
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_BAD);
    ck_assert_ptr_nonnull(strstr(why.detail, "never closed"));
    ck_assert_uint_eq(reader.first_line, 1);

    char *text = arena_alloc_raw(arena, 2 * CSV_BYTES);
    memset(text, 'x', 2 * CSV_BYTES);
    text[0] = '"';
    text[2 * CSV_BYTES - 5] = '\n';
    open_input(text, (size_t)2 * CSV_BYTES, READER_BUFFER);
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_BAD);
    ck_assert_ptr_nonnull(strstr(why.detail, "longer than"));
    ck_assert_ptr_nonnull(strstr(why.detail, "line 1 is not closed"));
    expect_row(1, "xxxx", "xxxx");
}
END_TEST

static bool read_header(const char *text, struct csv_header *header)
{
    open_text(text);
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_ROW);
    return csv_header_read(arena, &row, &constants, header, &why);
}

static const char *write_event(const struct csv_header *header)
{
    static const struct event_context CONTEXT = {.type_prefix = "com.acme"};
    struct buffer out = buffer_create(arena, MEMORY);
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_ROW);
    if (!csv_event_write(header, &row, &CONTEXT, &out, &why))
        return NULL;
    return arena_copy(arena, out.data, out.length);
}

START_TEST(rows_become_events)
{
    struct csv_header header;
    ck_assert(read_header("type,id,source,data.cost.currency,time,data.amount,data.cost.amount,"
                          "subject,data.note,data.complete\n"
                          "sell.order.placed,1,s,EUR,t,1177,-5,a,7,true\n"
                          "sell.order.placed,2,s,,t,11.77,,\"a,b\",,\n"
                          "deliver.fulfilment.completed,3,s,,t,9,,a,,true\n"
                          "unknown.type,4,s,,t,9,,a,,\n"
                          "sell.order.placed,5,s,,t,007,,a,,\n",
                          &header));
    ck_assert_str_eq(write_event(&header),
                     "{\"data\":{\"amount\":1177,\"complete\":\"true\",\"cost\":{\"amount\":-5,"
                     "\"currency\":\"EUR\"},\"note\":\"7\"},\"id\":\"1\",\"source\":\"s\","
                     "\"subject\":\"a\",\"time\":\"t\",\"type\":\"sell.order.placed\"}");
    ck_assert_str_eq(write_event(&header),
                     "{\"data\":{\"amount\":11.77},\"id\":\"2\",\"source\":\"s\","
                     "\"subject\":\"a,b\",\"time\":\"t\",\"type\":\"sell.order.placed\"}");
    ck_assert_ptr_nonnull(strstr(write_event(&header), "\"complete\":true"));
    ck_assert_ptr_nonnull(strstr(write_event(&header), "\"amount\":\"9\""));
    ck_assert_ptr_nonnull(strstr(write_event(&header), "\"amount\":\"007\""));
}
END_TEST

START_TEST(short_and_long_rows_are_refused)
{
    struct csv_header header;
    ck_assert(read_header("id,source,type,time\na,b,c\na,b,c,d,e\na,b,c,d\n", &header));
    ck_assert_ptr_null(write_event(&header));
    ck_assert_str_eq(why.detail, "the row has 3 cells, the header 4");
    ck_assert_ptr_null(write_event(&header));
    ck_assert_str_eq(write_event(&header),
                     "{\"id\":\"a\",\"source\":\"b\",\"time\":\"d\",\"type\":\"c\"}");
}
END_TEST

START_TEST(cells_are_utf8)
{
    struct csv_header header;
    ck_assert(read_header("id,source,type,time\na,b,c,\xff\n", &header));
    ck_assert_ptr_null(write_event(&header));
    ck_assert_ptr_nonnull(strstr(why.detail, "column time"));
}
END_TEST

static const char *const BAD_HEADERS[][2] = {
    {"id,source,type,time,amount\n", "amount"},
    {"id,source,type,time,data.\n", "data."},
    {"id,source,type,time,data.a..b\n", "data.a..b"},
    {"id,source,type,time,\n", "\"\""},
    {"id,source,type,time,id\n", "twice"},
    {"id,source,time,data.amount\n", "no column type"},
    {"id;source;time;data.amount\n", "id;source"},
};

START_TEST(constants_stand_for_columns)
{
    struct csv_header header;
    constants = (struct csv_constants){.source = "shop", .type = "sell.order.placed"};
    ck_assert(read_header("id,time,data.amount\n1,t,5\n2,t,6\n", &header));
    ck_assert_str_eq(write_event(&header),
                     "{\"data\":{\"amount\":5},\"id\":\"1\",\"source\":\"shop\","
                     "\"time\":\"t\",\"type\":\"sell.order.placed\"}");
    ck_assert_ptr_nonnull(write_event(&header));
    ck_assert(!read_header("id,source,time,data.amount\n1,s,t,5\n", &header));
    ck_assert_ptr_nonnull(strstr(why.detail, "source"));
    constants = (struct csv_constants){NULL, NULL};
}
END_TEST

START_TEST(a_bad_header_is_told)
{
    struct csv_header header;
    ck_assert(!read_header(BAD_HEADERS[_i][0], &header));
    ck_assert_msg(strstr(why.detail, BAD_HEADERS[_i][1]) != NULL, "%s", why.detail);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, lines_are_read);
    tcase_add_test(tests, rows_are_read);
    tcase_add_loop_test(tests, a_bad_row_harms_no_other, 0, COUNT_OF(BAD_ROWS));
    tcase_add_test(tests, an_open_quote_is_bounded);
    tcase_add_test(tests, rows_become_events);
    tcase_add_test(tests, short_and_long_rows_are_refused);
    tcase_add_test(tests, cells_are_utf8);
    tcase_add_test(tests, constants_stand_for_columns);
    tcase_add_loop_test(tests, a_bad_header_is_told, 0, COUNT_OF(BAD_HEADERS));
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
