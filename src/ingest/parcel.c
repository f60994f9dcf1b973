#include "ingest/parcel.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

enum {
    PARCEL_MEMORY = 64 * 1024 * 1024,
    EXCERPT_BYTES = 4096 /* more than an excerpt takes when each of its bytes is replaced */
};

struct parcel *parcel_create(size_t capacity)
{
    struct arena *arena = arena_create(PARCEL_MEMORY);
    struct parcel *parcel = arena != NULL ? arena_alloc(arena, sizeof *parcel) : NULL;
    if (parcel != NULL) {
        parcel->arena = arena;
        parcel->capacity = capacity;
        parcel->entries = arena_alloc_raw(arena, capacity * sizeof *parcel->entries);
        parcel->items = arena_alloc_raw(arena, capacity * sizeof *parcel->items);
    }
    if (parcel != NULL && parcel->entries != NULL && parcel->items != NULL)
        return parcel;
    arena_destroy(arena);
    return NULL;
}

void parcel_destroy(struct parcel *parcel)
{
    if (parcel != NULL)
        arena_destroy(parcel->arena);
}

struct entry *parcel_add(struct parcel *parcel)
{
    struct entry *entry = &parcel->entries[parcel->count];
    *entry = (struct entry){.item.outcome = OUTCOME_CREATED};
    parcel->items[parcel->count++] = &entry->item;
    return entry;
}

/* Rejects are JSON, whatever the bytes of the input are: what is no UTF-8 becomes U+FFFD. */
static void write_excerpt(struct buffer *out, struct arena *arena, const struct entry *entry)
{
    static const char REPLACEMENT[] = "\xef\xbf\xbd";
    struct buffer text = buffer_create(arena, EXCERPT_BYTES);
    size_t length = entry->excerpt_length;
    while (length > 0 && memchr("\r\n", entry->excerpt[length - 1], 2) != NULL)
        length--;
    for (size_t at = 0, step = 0; at < length; at += step) {
        step = utf8_length(entry->excerpt + at, length - at);
        if (step > 0)
            buffer_append(&text, entry->excerpt + at, step);
        else
            buffer_text(&text, REPLACEMENT);
        step += step == 0;
    }
    buffer_json(out, text.length > 0 ? text.data : "", text.length);
}

void reject_write(struct buffer *out, struct arena *arena, const struct entry *entry)
{
    const struct problem problem = item_problem(&entry->item);
    buffer_print(out, "{\"line\":%" PRIu64 ",\"reason\":", entry->line);
    buffer_json_text(out, problem.detail);
    buffer_text(out, ",\"errors\":");
    faults_write(out, &problem);
    buffer_text(out, ",\"input\":");
    if (problem.code == PROBLEM_ERASED) /* which is nothing to keep */
        buffer_text(out, "\"\"");
    else
        write_excerpt(out, arena, entry);
    buffer_text(out, "}");
}
