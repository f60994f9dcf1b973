/* Any bytes as JSON: a value is read as it is written, and against a table with a field of
 * every kind it is stored within the bounds of its field, or refused where it stands. As the
 * definition of a custom type it is refused with its faults, or what is shown of it defines the
 * same type again. */
#include "fuzz.h"

#include "ingest/custom_type.h"
#include "json/decode.h"

enum { MEMORY = 16 * 1024 * 1024, SHOWN_LIMIT = 1024 * 1024 };

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

static void check_decode(const json_t *value)
{
    struct problem why = {0};
    struct sample sample = {.text = NULL};
    if (!json_decode(value, FIELDS, &sample, "", &why)) {
        MUST_HOLD(why.code == PROBLEM_UNPROCESSABLE && why.fault_count > 0);
        promise_refusal(&why);
        promise_pointers(&why, value);
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

/* As a custom type ---------------------------------------------------------------------------
 */

static bool read_shown(struct arena *arena, const struct buffer *shown, struct event_type *type)
{
    const char *description;
    struct problem why = {0};
    size_t used;
    json_t *definition = json_parse(shown->data, shown->length, &used, &why);
    bool is_read = definition != NULL && custom_type_read(arena, "sell.demo.held", definition,
                                                          type, &description, &why);
    json_decref(definition);
    return is_read;
}

static struct buffer show(struct arena *arena, const struct event_type *type)
{
    struct buffer shown = buffer_create(arena, SHOWN_LIMIT);
    buffer_print(&shown, "{\"entry\":\"%s\",\"fields\":", ENTRY_NAMES[type->entry]);
    fields_write(&shown, type->fields);
    buffer_text(&shown, "}");
    MUST_HOLD(!shown.failed);
    return shown;
}

static void check_shown(struct arena *arena, const struct event_type *type)
{
    struct event_type again;
    struct buffer shown = show(arena, type);
    MUST_HOLD(read_shown(arena, &shown, &again));
    struct buffer twice = show(arena, &again);
    MUST_HOLD(shown.length == twice.length &&
              memcmp(shown.data, twice.data, shown.length) == 0);
}

static void check_type(json_t *value)
{
    struct arena *arena = arena_create(MEMORY);
    struct problem why = {0};
    struct event_type type;
    const char *description;
    if (custom_type_read(arena, "sell.demo.held", value, &type, &description, &why)) {
        MUST_HOLD(why.code == PROBLEM_NONE && why.fault_count == 0);
        check_shown(arena, &type);
    } else {
        MUST_HOLD(why.code == PROBLEM_MALFORMED || why.fault_count > 0);
        promise_refusal(&why);
        promise_pointers(&why, value);
    }
    arena_destroy(arena);
}

/* --------------------------------------------------------------------------------------------
 */

static void check_json(const char *text, size_t size)
{
    struct problem why = {0};
    size_t used = 0;
    json_t *value = json_parse(text, size, &used, &why);
    if (!value) {
        MUST_HOLD(why.code == PROBLEM_MALFORMED);
        promise_refusal(&why);
        return;
    }
    MUST_HOLD(used > 0 && used <= size && is_utf8(text, used));
    check_value(value);
    check_decode(value);
    check_type(value);
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_json((const char *)data, size);
    return 0;
}
