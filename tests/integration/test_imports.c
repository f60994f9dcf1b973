/* Imports over HTTP: each form of the body, and whatever may be wrong with it. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "integration/upload.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 20000, BIG_LINE = 200 * 1024 * 1024 };

static struct reply import_bytes(const char *path, const char *fields, const char *body,
                                 size_t length)
{
    return client_ask(client, "POST", path, fields, body, length);
}

START_TEST(the_same_again_is_all_duplicates)
{
    char *orders = upload_orders("again", MANY);
    size_t length = strlen(orders), packed_length;
    upload_done(client, import_bytes("/v1/imports", NDJSON, orders, length), MANY, 0, 0);
    upload_done(client, import_bytes("/v1/imports", NDJSON, orders, length), 0, MANY, 0);
    char *packed = upload_pack(orders, length, &packed_length);
    upload_done(client, import_bytes("/v1/imports", NDJSON GZIP, packed, packed_length), 0,
                MANY, 0);
    free(packed);
    free(orders);
}
END_TEST

#define ORDER(id) id ",shop,sell.order.placed,c1,2025-01-01T00:00:00Z,"
#define HEADER "id,source,type,subject,time,data.order_id,data.amount,data.currency,data.units"

#define LEAD(id)                                                                               \
    "{\"id\":\"" id "\",\"source\":\"s\",\"type\":\"find.lead.created\",\"subject\":\"c1\","   \
    "\"time\":\"2025-01-01T00:00:00Z\",\"data\":{\"channel\":\"ad\"}}"

/* What a body holds, and what becomes of its rows. */
static const struct body {
    const char *name, *path, *fields, *text;
    int created, rejected;
} BODIES[] = {
    {"nothing", "/v1/imports", NDJSON, "", 0, 0},
    {"empty lines", "/v1/imports", NDJSON, "\n\r\n  \n", 0, 0},
    {"CSV", "/v1/imports", CSV, HEADER "\n" ORDER("a1") "o,1,EUR,1\n", 1, 0},
    {"CRLF and a byte order mark", "/v1/imports", CSV,
     "\xef\xbb\xbf" HEADER "\r\n" ORDER("a2") "o,1,EUR,1\r\n", 1, 0},
    {"no end of the last line", "/v1/imports", CSV, HEADER "\n" ORDER("a3") "o,1,EUR,1", 1, 0},
    {"a short row", "/v1/imports", CSV,
     HEADER "\n" ORDER("a4") "o,1\n" ORDER("a5") "o,1,EUR,1\n", 1, 1},
    {"a quote never closed", "/v1/imports", CSV,
     HEADER
     "\n" ORDER("a6") "o,1,EUR,1\n" ORDER("a7") "\"o,1,EUR,1\n" ORDER("a8") "o,1,EUR,1\n",
     1, 1},
    {"Latin-1", "/v1/imports", CSV, HEADER "\n" ORDER("a9") "\xfc,1,EUR,1\n", 0, 1},
    {"Latin-1 in JSON", "/v1/imports", NDJSON,
     "{\"id\":\"b1\",\"source\":\"s\",\"type\":\"find.lead.created\",\"subject\":\"\xfc\"}\n",
     0, 1},
    {"constants", "/v1/imports?source=shop&type=find.lead.created", CSV,
     "id,subject,time,data.channel\nb2,c1,2025-01-01T00:00:00Z,ad\n", 1, 0},
    {"half an event, no JSON, two events", "/v1/imports", NDJSON,
     "{\"id\":\nnonsense\n{}{}\n[]\n\"\"\n", 0, 5},
    {"a line where spaces stood before", "/v1/imports", NDJSON,
     LEAD("b4") "                    \n" LEAD("b5") "\n", 2, 0},
    {"a fraction of a cent", "/v1/imports", CSV, HEADER "\n" ORDER("b3") "o,1.5,EUR,1\n", 0, 1},
};

START_TEST(each_row_has_its_fate)
{
    const struct body *body = &BODIES[_i];
    fprintf(stderr, "# %s\n", body->name);
    upload_done(client, import_bytes(body->path, body->fields, body->text, strlen(body->text)),
                body->created, 0, body->rejected);
}
END_TEST

static const struct refusal {
    const char *name, *path, *fields, *text;
    int status;
    const char *detail;
} REFUSALS[] = {
    {"a header with a strange column", "/v1/imports", CSV, "id,colour\n1,red\n", 422, "colour"},
    {"a header without a type", "/v1/imports", CSV, "id,source,time\n", 422, "column type"},
    {"CSV without a header", "/v1/imports", CSV, "", 422, "no header"},
    {"semicolons", "/v1/imports", CSV, "id;source;type;time\n", 422, "id;source"},
    {"no gzip", "/v1/imports", NDJSON GZIP, "{\"id\":\"1\"}\n", 400, "not valid gzip"},
    {"no gzip at all", "/v1/imports", NDJSON GZIP, "", 400, "too early"},
    {"an encoding that is not known", "/v1/imports", NDJSON "Content-Encoding: br\r\n", "x",
     415, "gzip"},
    {"a type that is not known", "/v1/imports", "Content-Type: text/plain\r\n", "x", 415,
     "application/x-ndjson"},
    {"constants for NDJSON", "/v1/imports?source=s", NDJSON, "x", 422, "?source"},
    {"an event type that is not known", "/v1/imports?type=x", CSV, "x", 422, "?type"},
    {"a column and a constant", "/v1/imports?source=s", CSV, "id,source,type,time\n", 422,
     "beside it"},
    {"a parameter that is not known", "/v1/imports?colour=red", CSV, "x", 422, "?colour"},
};

START_TEST(what_cannot_be_read_is_refused)
{
    const struct refusal *refusal = &REFUSALS[_i];
    struct reply reply =
        import_bytes(refusal->path, refusal->fields, refusal->text, strlen(refusal->text));
    ck_assert_msg(reply.status == refusal->status, "%s: %d %s", refusal->name, reply.status,
                  reply.body);
    ck_assert_msg(strstr(reply.body, refusal->detail) != NULL, "%s: %s", refusal->name,
                  reply.body);
    reply_clear(&reply);
}
END_TEST

/* What is too large is passed over, a row or a body, packed or not. */
START_TEST(a_line_may_be_too_large)
{
    char *text = malloc(BIG_LINE);
    memset(text, 'x', BIG_LINE);
    text[BIG_LINE - 1] = '\n';
    upload_done(client, import_bytes("/v1/imports", NDJSON, text, BIG_LINE), 0, 0, 1);
    size_t length;
    char *packed = upload_pack(text, BIG_LINE, &length);
    struct reply reply = import_bytes("/v1/imports", NDJSON GZIP, packed, length);
    ck_assert_int_eq(reply.status, 413);
    ck_assert_ptr_nonnull(strstr(reply.body, "unpacks to more than"));
    reply_clear(&reply);
    free(packed);
    free(text);
}
END_TEST

START_TEST(an_object_may_have_too_many_members)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fputs("{\"id\":\"m\"", out);
    for (int i = 0; i < 1000000; i++)
        fprintf(out, ",\"a%d\":%d", i, i);
    fputs("}\n", out);
    fclose(out);
    upload_done(client, import_bytes("/v1/imports", NDJSON, text, size), 0, 0, 1);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("imports");
    TCase *imports = scene_case(suite, "imports", 300);
    tcase_add_test(imports, the_same_again_is_all_duplicates);
    tcase_add_loop_test(imports, each_row_has_its_fate, 0, COUNT_OF(BODIES));
    tcase_add_loop_test(imports, what_cannot_be_read_is_refused, 0, COUNT_OF(REFUSALS));
    tcase_add_test(imports, a_line_may_be_too_large);
    tcase_add_test(imports, an_object_may_have_too_many_members);
    return tap_run(suite);
}
