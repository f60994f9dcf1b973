/* Any bytes as times, dates, currencies and amounts, two texts with a line end between: a time
 * is the moment that the C library finds in it too, a date is a day of the calendar, and an
 * amount that is taken is written as it came. */
#include "fuzz.h"

#include "api/parameters.h"
#include "base/clock.h"
#include "json/decode.h"

#include <ctype.h>
#include <time.h>

#define SAFE_INTEGER ((INT64_C(1) << 53) - 1)
#define SECOND INT64_C(1000000)

enum { UNIX_OF_2000 = 946684800 };

static int number_at(const char *text, size_t at, size_t digits)
{
    int number = 0;
    for (size_t i = at; i < at + digits; i++)
        number = 10 * number + (text[i] - '0');
    return number;
}

static struct tm day_of(const char *text)
{
    return (struct tm){.tm_year = number_at(text, 0, 4) - 1900,
                       .tm_mon = number_at(text, 5, 2) - 1,
                       .tm_mday = number_at(text, 8, 2)};
}

/* "+01:30" in seconds, at the end of a time. */
static int offset_of(const char *text)
{
    size_t length = strlen(text);
    if (toupper((unsigned char)text[length - 1]) == 'Z')
        return 0;
    const char *offset = text + length - 6;
    int seconds = 3600 * number_at(offset, 1, 2) + 60 * number_at(offset, 4, 2);
    return offset[0] == '-' ? -seconds : seconds;
}

static void check_time(const char *text)
{
    int64_t time, again;
    char printed[CLOCK_TEXT_SIZE];
    if (!timestamp_parse(text, &time))
        return;
    struct tm parts = day_of(text);
    parts.tm_hour = number_at(text, 11, 2);
    parts.tm_min = number_at(text, 14, 2);
    parts.tm_sec = number_at(text, 17, 2);
    int64_t second = timegm(&parts) - UNIX_OF_2000 - offset_of(text);
    MUST_HOLD(time >= second * SECOND && time < (second + 1) * SECOND);
    clock_print(time, printed);
    bool is_in_range = strcmp(printed, "1900") >= 0 && strcmp(printed, "2200") < 0;
    MUST_HOLD(timestamp_parse(printed, &again) == is_in_range);
    MUST_HOLD(!is_in_range || (again <= time && time - again < 1000));
    MUST_HOLD(is_moment(text) && !is_date(text) && strlen(text) <= 35);
}

static void check_date(const char *text)
{
    char printed[sizeof "2026-03-01"];
    if (!is_date(text))
        return;
    struct tm day = day_of(text);
    time_t moment = timegm(&day);
    MUST_HOLD(gmtime_r(&moment, &day) != NULL);
    MUST_HOLD(strftime(printed, sizeof printed, "%Y-%m-%d", &day) > 0);
    MUST_HOLD(strcmp(printed, text) == 0 && is_moment(text));
}

static void check_window(const char *from, const char *to)
{
    if (!is_moment(from) || !is_moment(to))
        return;
    MUST_HOLD(!is_window(from, from));
    if (is_date(from) == is_date(to))
        MUST_HOLD(!is_window(from, to) || !is_window(to, from));
}

static void check_currency(const char *text)
{
    int digits = currency_digits(text);
    MUST_HOLD(digits >= -1 && digits <= 4 && is_currency(text) == (digits >= 0));
    if (digits >= 0)
        MUST_HOLD(strlen(text) == 3 && isupper(text[0]) && isupper(text[1]) &&
                  isupper(text[2]));
}

/* As the value of a member: of what JSON allows around it, nothing but space can be lost. */
static void check_money(const char *text)
{
    static const struct json_field FIELDS[] = {
        {.name = "amount", .kind = JSON_KIND_MONEY, .required = true, .offset = 0},
        {.name = NULL},
    };
    struct problem why = {0};
    int64_t amount = INT64_MIN;
    char printed[32];
    size_t used = 0;
    json_t *value = json_parse(text, strlen(text), &used, &why);
    json_t *object = json_object();
    why = (struct problem){0};
    MUST_HOLD(value == NULL || json_object_set(object, "amount", value) == 0);
    bool is_taken = json_decode(object, FIELDS, &amount, "", &why);
    if (is_taken) {
        snprintf(printed, sizeof printed, "%lld", (long long)amount);
        size_t blank = strspn(text, " \t\r\n");
        MUST_HOLD(amount >= -SAFE_INTEGER && amount <= SAFE_INTEGER);
        MUST_HOLD(strncmp(text + blank, printed, used - blank) == 0 ||
                  strncmp(text + blank, "-0", used - blank) == 0);
    } else {
        promise_refusal(&why);
        promise_pointers(&why, object);
    }
    json_decref(object);
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    char *other = text + strcspn(text, "\n");
    if (*other == '\n')
        *other++ = '\0';
    check_time(text);
    check_date(text);
    check_window(text, other);
    check_currency(text);
    check_money(text);
    free(text);
    return 0;
}
