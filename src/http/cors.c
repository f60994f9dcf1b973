#include "http/cors.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { ORIGINS_LIMIT = 64 };

struct cors {
    char *text; /* the origins, each terminated */
    const char *origins[ORIGINS_LIMIT];
    size_t count;
};

static size_t skip_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* "app.example.com", "[2001:db8::1]"; 0 for what is no host. */
static size_t host_length(const char *text)
{
    if (*text != '[')
        return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    size_t length = 1 + strspn(text + 1, "abcdef0123456789:.");
    return text[length] == ']' ? length + 1 : 0;
}

/* As a browser writes it: scheme, host, a port that is not the scheme's own, nothing else. */
static bool is_origin(const char *text)
{
    static const char *const SCHEMES[] = {"https://", "http://"};
    const char *host = NULL;
    for (size_t i = 0; i < COUNT_OF(SCHEMES); i++)
        if (strncmp(text, SCHEMES[i], strlen(SCHEMES[i])) == 0)
            host = text + strlen(SCHEMES[i]);
    if (!host)
        return false;
    size_t length = host_length(host);
    const char *port = host + length;
    if (length == 0 || *port != ':')
        return length > 0 && *port == '\0';
    size_t digits = skip_digits(port + 1);
    return digits > 0 && digits <= 5 && port[1 + digits] == '\0';
}

/* Takes the next origin from the front of a list, in lower case. False at the end. */
static bool take(char **rest, char **origin)
{
    char *text = *rest + strspn(*rest, " ,");
    size_t length = strcspn(text, " ,");
    *rest = text + length + (text[length] != '\0');
    text[length] = '\0';
    for (char *at = text; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    *origin = text;
    return length > 0;
}

static bool read_origins(struct cors *cors, struct problem *why)
{
    char *rest = cors->text, *origin;
    while (take(&rest, &origin)) {
        if (!is_origin(origin))
            return fail(why, PROBLEM_UNPROCESSABLE,
                        "CLMD_CORS_ORIGINS: \"%.80s\" is no origin, as https://app.example.com",
                        origin);
        if (cors->count == ORIGINS_LIMIT)
            return fail(why, PROBLEM_UNPROCESSABLE, "CLMD_CORS_ORIGINS has more than %d",
                        ORIGINS_LIMIT);
        cors->origins[cors->count++] = origin;
    }
    return true;
}

bool cors_start(const char *origins, struct cors **cors, struct problem *why)
{
    *cors = NULL;
    if (origins[0] == '\0')
        return true;
    *cors = calloc(1, sizeof **cors);
    if (*cors)
        (*cors)->text = strdup(origins);
    if (!*cors || !(*cors)->text)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return read_origins(*cors, why);
}

void cors_destroy(struct cors *cors)
{
    if (!cors)
        return;
    free(cors->text);
    free(cors);
}

const char *cors_find(const struct cors *cors, const char *origin)
{
    for (size_t i = 0; cors && origin && i < cors->count; i++)
        if (strcmp(cors->origins[i], origin) == 0)
            return cors->origins[i];
    return NULL;
}
