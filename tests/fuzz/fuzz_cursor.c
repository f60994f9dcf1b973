/* Two lines, a list with its filters and the key that a cursor of it holds, behind a digest
 * that is right: for who knows how cursors are made can make one. The list goes on from there,
 * or refuses the cursor by its name; and what it gives as the next one, it takes. */
#include "fuzz.h"
#include "ground.h"

#include <openssl/evp.h>

enum { KEY_LIMIT = 600, TEXT_SIZE = 4096 };

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    (void)ground_database();
    return 0;
}

/* base64url of the digest and the key */
static void write_cursor(const char *key, size_t length, char cursor[2 * KEY_LIMIT])
{
    char content[KEY_LIMIT + 12] = "000000000000";
    length = length < KEY_LIMIT ? length : KEY_LIMIT;
    memcpy(content + 12, key, length);
    EVP_EncodeBlock((unsigned char *)cursor, (const unsigned char *)content,
                    (int)(length + 12));
    cursor[strcspn(cursor, "=")] = '\0';
    for (char *at = cursor; *at != '\0'; at++)
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
}

static bool is_refused(const struct call *call)
{
    return call->request.answer.status >= 400;
}

static void check_next(const struct call *call, const char *list)
{
    char text[TEXT_SIZE];
    struct call next;
    json_t *page = json_loadb(call->request.answer.body, call->request.answer.length, 0, NULL);
    const char *cursor = json_string_value(json_object_get(page, "next_cursor"));
    if (cursor != NULL && snprintf(text, sizeof text, "GET %s%ccursor=%s", list,
                                   strchr(list, '?') ? '&' : '?', cursor) < TEXT_SIZE) {
        MUST_HOLD(ground_try(&next, text, strlen(text)));
        MUST_HOLD(next.request.answer.status == 200);
        call_end(&next);
    }
    json_decref(page);
}

/* Whether the list is answered where no cursor is given. */
static bool is_list(const char *list)
{
    char text[TEXT_SIZE];
    struct call call;
    bool is_answered = false;
    if (strstr(list, "cursor") != NULL || strpbrk(list, " %") != NULL ||
        snprintf(text, sizeof text, "GET %s", list) >= TEXT_SIZE ||
        !ground_try(&call, text, strlen(text)))
        return false;
    is_answered = call.request.answer.status == 200;
    if (is_answered)
        check_next(&call, list);
    call_end(&call);
    return is_answered;
}

static void check_cursor(const char *list, const char *key, size_t length)
{
    char text[TEXT_SIZE], cursor[2 * KEY_LIMIT];
    struct call call;
    write_cursor(key, length, cursor);
    if (snprintf(text, sizeof text, "GET %s%ccursor=%s", list, strchr(list, '?') ? '&' : '?',
                 cursor) >= TEXT_SIZE ||
        !ground_try(&call, text, strlen(text)))
        return;
    if (is_refused(&call))
        MUST_HOLD(memmem(call.request.answer.body, call.request.answer.length, "\"?cursor\"",
                         9) != NULL);
    else
        check_next(&call, list);
    call_end(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *list = text_of(data, size);
    size_t length = strcspn(list, "\n");
    size_t key_at = length < size ? length + 1 : size;
    list[length] = '\0';
    ground_begin();
    if (strchr(list, '/') == list && is_list(list)) {
        ground_undo();
        ground_begin();
        check_cursor(list, (const char *)data + key_at, size - key_at);
    }
    ground_undo();
    free(list);
    return 0;
}
