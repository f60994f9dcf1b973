/* Any bytes as the definition of a custom type: it is refused with its faults, or what is shown
 * of it defines the same type again. */
#include "fuzz.h"

#include "ingest/custom_type.h"

#include <string.h>

enum { MEMORY = 16 * 1024 * 1024, SHOWN_LIMIT = 1024 * 1024 };

const char *const FUZZ_SEEDS[] = {
    "{\"entry\":\"enter\",\"description\":\"\\u20ac\",\"fields\":["
    "{\"name\":\"demo_id\",\"kind\":\"text\",\"required\":true},"
    "{\"name\":\"amount\",\"kind\":\"money\"},{\"name\":\"currency\",\"kind\":\"currency\"},"
    "{\"name\":\"means\",\"kind\":\"choice\",\"choices\":[\"video\",\"visit\"]},"
    "{\"name\":\"cost\",\"kind\":\"object\",\"required\":true}]}",
    "{\"entry\":\"advance\",\"fields\":[{\"name\":\"rows\",\"kind\":\"list\",\"fields\":["
    "{\"name\":\"a\",\"kind\":\"object\",\"fields\":[{\"name\":\"b\",\"kind\":\"bool\"}]}]},"
    "{\"name\":\"things\",\"kind\":\"list\",\"fields\":[]},"
    "{\"name\":\"minutes\",\"kind\":\"number\",\"required\":false}]}",
    "{\"type\":\"sell.demo.held\",\"stage\":\"sell\",\"entry\":\"activity\",\"scheduled\":"
    "false,"
    "\"subject_required\":true,\"custom\":true,\"description\":null,\"fields\":[]}",
    NULL,
};

/* False for bytes that are no JSON. */
static bool read_type(struct arena *arena, const char *text, size_t size,
                      struct event_type *type, struct problem *why)
{
    const char *description;
    size_t used;
    json_t *definition = json_parse(text, size, &used, why);
    bool is_read = definition != NULL && custom_type_read(arena, "sell.demo.held", definition,
                                                          type, &description, why);
    json_decref(definition);
    return is_read;
}

static void check_again(struct arena *arena, const struct event_type *type)
{
    struct event_type again;
    struct problem why = {0};
    struct buffer shown = buffer_create(arena, SHOWN_LIMIT);
    struct buffer twice = buffer_create(arena, SHOWN_LIMIT);
    buffer_print(&shown, "{\"entry\":\"%s\",\"fields\":", ENTRY_NAMES[type->entry]);
    fields_write(&shown, type->fields);
    buffer_text(&shown, "}");
    MUST_HOLD(read_type(arena, shown.data, shown.length, &again, &why));
    buffer_print(&twice, "{\"entry\":\"%s\",\"fields\":", ENTRY_NAMES[again.entry]);
    fields_write(&twice, again.fields);
    buffer_text(&twice, "}");
    MUST_HOLD(shown.length == twice.length &&
              memcmp(shown.data, twice.data, shown.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(MEMORY);
    struct problem why = {0};
    struct event_type type;
    MUST_HOLD(arena != NULL);
    if (read_type(arena, (const char *)data, size, &type, &why)) {
        MUST_HOLD(why.code == PROBLEM_NONE && why.fault_count == 0);
        check_again(arena, &type);
    } else {
        MUST_HOLD(why.code == PROBLEM_MALFORMED ||
                  (why.code == PROBLEM_UNPROCESSABLE && why.fault_count > 0));
    }
    arena_destroy(arena);
    return 0;
}
