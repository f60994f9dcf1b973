#include "fuzz.h"

#include "base/utf8.h"

#include <ctype.h>

enum { NOTICED = 16384, POINTER_SIZE = sizeof(((struct fault *)0)->pointer) };

/* libFuzzer looks at what lies in this section as it does at its own counters. */
static uint8_t noticed[NOTICED] __attribute__((section("__libfuzzer_extra_counters")));

static bool is_text(const char *text)
{
    return text[0] != '\0' && is_utf8(text, strlen(text));
}

/* A JSON Pointer, or the name of a query parameter. */
static bool is_pointer(const char *pointer)
{
    return pointer[0] == '\0' || ((pointer[0] == '/' || pointer[0] == '?') && is_text(pointer));
}

void promise_refusal(const struct problem *why)
{
    MUST_HOLD(why->code != PROBLEM_NONE && problem_kind(why->code)->status < 500);
    MUST_HOLD(is_text(why->detail) || why->fault_count > 0);
    MUST_HOLD(why->fault_count <= PROBLEM_FAULTS);
    for (unsigned i = 0; i < why->fault_count; i++)
        MUST_HOLD(is_text(why->faults[i].detail) && is_pointer(why->faults[i].pointer));
}

/* Takes the next step of a pointer, without its escapes. */
static const char *take_step(const char *pointer, char step[POINTER_SIZE])
{
    size_t length = 0;
    for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
        bool is_escape = *pointer == '~' && (pointer[1] == '0' || pointer[1] == '1');
        step[length++] = *pointer;
        if (is_escape)
            step[length - 1] = *++pointer == '0' ? '~' : '/';
    }
    step[length] = '\0';
    return pointer;
}

static const json_t *look_into(const json_t *value, const char *step)
{
    char *end;
    if (json_is_object(value))
        return json_object_get(value, step);
    size_t position = strtoul(step, &end, 10);
    return json_is_array(value) && *end == '\0' ? json_array_get(value, position) : NULL;
}

/* What may be missing is missing in an object, with all that would lie in it. A pointer that is
 * as long as can be may have been cut. */
static void check_pointer(const char *pointer, const json_t *value)
{
    char step[POINTER_SIZE];
    bool may_be_cut = strlen(pointer) + 4 >= POINTER_SIZE;
    while (*pointer == '/' && value != NULL && !may_be_cut) {
        const json_t *parent = value;
        pointer = take_step(pointer, step);
        value = look_into(parent, step);
        MUST_HOLD(value != NULL || json_is_object(parent));
    }
}

void promise_pointers(const struct problem *why, const json_t *body)
{
    for (unsigned i = 0; i < why->fault_count; i++)
        check_pointer(why->faults[i].pointer, body);
}

bool is_field_text(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* Word by word, so that a new word is new, and not each new sentence. */
void notice_answer(const char *text, size_t length)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (isalpha(byte) || byte == '/') {
            hash = (hash ^ byte) * UINT32_C(16777619);
            continue;
        }
        noticed[hash % NOTICED] = 1;
        hash = byte == '"' ? 0 : hash;
    }
}
