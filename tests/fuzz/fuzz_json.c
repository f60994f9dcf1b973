/* Any bytes as JSON, against a table with a field of every kind; and as a time. */
#include "fuzz.h"

#include "base/clock.h"
#include "json/decode.h"

#include <string.h>

const char *const FUZZ_SEEDS[] = {
    "{\"text\":\"acme-42\",\"money\":129900,\"currency\":\"EUR\",\"count\":3,\"number\":-0.5,"
    "\"bool\":true,\"time\":\"2026-03-01T09:30:00+01:00\",\"date\":\"2026-03-01\","
    "\"choice\":\"ad\",\"list\":[\"a\",\"b\"],\"rows\":[{\"text\":\"x\"},{\"text\":\"y\"}],"
    "\"object\":{\"text\":\"\\u20ac \\ud83d\\ude00\"}}",
    "{\"text\":\"\xe2\x82\xac\",\"money\":-9007199254740991,\"number\":1e-300}",
    "[[[[[[[[[[]]]]]]]]]]",
    "[1,2.5,-0,1e10,true,false,null,\"\"]",
    "2026-03-01T09:30:00.123456789Z",
    "2024-02-29T23:59:60-23:59",
    "",
    NULL,
};

struct sample {
    const char *text, *currency;
    int64_t money, count, time;
    int16_t choice;
};

#define STORED(member) .offset = offsetof(struct sample, member)

static const char *const CHOICES[] = {"ad", "event", NULL};

static const struct json_field ROW[] = {
    {.name = "text", .kind = JSON_KIND_TEXT, .required = true, .limit = 64},
    {.name = NULL},
};

static const struct json_field FIELDS[] = {
    {.name = "text", .kind = JSON_KIND_TEXT, .required = true, .limit = 16, STORED(text)},
    {.name = "money", .kind = JSON_KIND_MONEY, STORED(money)},
    {.name = "currency", .kind = JSON_KIND_CURRENCY, STORED(currency)},
    {.name = "count", .kind = JSON_KIND_COUNT, STORED(count)},
    {.name = "number", .kind = JSON_KIND_NUMBER, .minimum = -1, .maximum = 1},
    {.name = "bool", .kind = JSON_KIND_BOOL},
    {.name = "time", .kind = JSON_KIND_TIMESTAMP, STORED(time)},
    {.name = "date", .kind = JSON_KIND_DATE},
    {.name = "choice", .kind = JSON_KIND_CHOICE, .choices = CHOICES, STORED(choice)},
    {.name = "list", .kind = JSON_KIND_LIST, .limit = 100},
    {.name = "rows", .kind = JSON_KIND_LIST, .fields = ROW},
    {.name = "object", .kind = JSON_KIND_OBJECT, .fields = ROW},
    {.name = NULL},
};

static void check_problem(const struct problem *why, enum problem_code code)
{
    MUST_HOLD(why->code == code);
    MUST_HOLD(why->detail[0] != '\0' && is_utf8(why->detail, strlen(why->detail)));
    MUST_HOLD(why->fault_count <= PROBLEM_FAULTS);
    for (unsigned i = 0; i < why->fault_count; i++) {
        const struct fault *fault = &why->faults[i];
        MUST_HOLD(fault->detail[0] != '\0' && is_utf8(fault->detail, strlen(fault->detail)));
        MUST_HOLD(is_utf8(fault->pointer, strlen(fault->pointer)));
    }
}

static void check_decode(const json_t *value)
{
    struct problem why = {0};
    struct sample sample = {.text = NULL};
    if (!json_decode(value, FIELDS, &sample, "/data", &why)) {
        check_problem(&why, PROBLEM_UNPROCESSABLE);
        MUST_HOLD(why.fault_count > 0);
        return;
    }
    MUST_HOLD(why.code == PROBLEM_NONE && why.fault_count == 0);
    MUST_HOLD(sample.text && strlen(sample.text) <= 16);
    MUST_HOLD(!sample.currency || currency_digits(sample.currency) >= 0);
    MUST_HOLD(sample.money >= -9007199254740991 && sample.money <= 9007199254740991);
    MUST_HOLD(sample.count >= 0 && sample.count <= 9007199254740991);
    MUST_HOLD(sample.choice >= 0 && sample.choice <= 1);
}

/* A value is written as text that gives the same value again. */
static void check_value(json_t *value)
{
    struct problem why = {0};
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t used = 0, length = text ? strlen(text) : 0;
    json_t *again = json_parse(text ? text : "", length, &used, &why);
    MUST_HOLD(again && used == length && json_equal(value, again));
    json_decref(again);
    free(text);
}

static void check_json(const char *text, size_t size)
{
    struct problem why = {0};
    size_t used = 0;
    json_t *value = json_parse(text, size, &used, &why);
    if (!value) {
        check_problem(&why, PROBLEM_MALFORMED);
        return;
    }
    MUST_HOLD(used > 0 && used <= size && is_utf8(text, used));
    check_value(value);
    check_decode(value);
    json_decref(value);
}

static void check_timestamp(const char *text)
{
    int64_t time, again;
    if (!timestamp_parse(text, &time))
        return;
    char printed[CLOCK_TEXT_SIZE];
    clock_print(time, printed);
    bool is_in_range = strcmp(printed, "1900") >= 0 && strcmp(printed, "2200") < 0;
    MUST_HOLD(timestamp_parse(printed, &again) == is_in_range);
    MUST_HOLD(!is_in_range || (again <= time && time - again < 1000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_json((const char *)data, size);
    char *text = strndup((const char *)data, size);
    if (text)
        check_timestamp(text);
    free(text);
    return 0;
}
