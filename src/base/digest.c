#include "base/digest.h"

#include "base/clock.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SHA1_SIZE = 20, UUID_CHARACTERS = UUID_TEXT_SIZE - 1 };

struct part {
    const void *data;
    size_t length;
};

/* The hash of the parts, one behind the other. */
static void hash(const EVP_MD *kind, const struct part *parts, size_t count,
                 unsigned char *digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, kind, NULL) == 1;
    for (size_t i = 0; done && i < count; i++)
        done = EVP_DigestUpdate(context, parts[i].data, parts[i].length) == 1;
    done = done && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!done)
        abort();
}

void sha256(const void *data, size_t length, unsigned char digest[SHA256_SIZE])
{
    hash(EVP_sha256(), &(struct part){data, length}, 1, digest);
}

uint64_t keyed_hash(const unsigned char key[KEYED_SIZE], const void *data, size_t length)
{
    unsigned char digest[SHA256_SIZE];
    uint64_t name;
    hash(EVP_sha256(), (struct part[]){{key, KEYED_SIZE}, {data, length}}, 2, digest);
    memcpy(&name, digest, sizeof name);
    return name;
}

void hex_encode(const unsigned char *data, size_t length, char *text)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        *text++ = DIGITS[data[i] >> 4];
        *text++ = DIGITS[data[i] & 15];
    }
    *text = '\0';
}

/* −1 for what is no digit. */
static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool hex_decode(const char *text, size_t length, unsigned char *data)
{
    for (size_t i = 0; i < length; i++) {
        int high = hex_value(text[2 * i]);
        int low = high < 0 ? -1 : hex_value(text[2 * i + 1]);
        if (low < 0)
            return false;
        data[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static void mark_uuid(unsigned char uuid[UUID_SIZE], unsigned version)
{
    uuid[6] = (unsigned char)((uuid[6] & 0x0f) | version << 4);
    uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
}

void uuid_of_name(const unsigned char name_space[UUID_SIZE], const char *first,
                  const char *second, unsigned char uuid[UUID_SIZE])
{
    const struct part parts[] = {
        {name_space, UUID_SIZE}, {first, strlen(first)}, {"\n", 1}, {second, strlen(second)}};
    unsigned char digest[SHA1_SIZE];
    hash(EVP_sha1(), parts, COUNT_OF(parts), digest);
    memcpy(uuid, digest, UUID_SIZE);
    mark_uuid(uuid, 5);
}

bool uuid_fresh(unsigned char uuid[UUID_SIZE])
{
    if (!random_bytes(uuid, UUID_SIZE))
        return false;
    const int64_t unix_to_2000 = INT64_C(946684800000);
    uint64_t milliseconds = (uint64_t)(clock_utc() / 1000 + unix_to_2000);
    for (int i = 0; i < 6; i++)
        uuid[i] = (unsigned char)(milliseconds >> (40 - 8 * i));
    mark_uuid(uuid, 7);
    return true;
}

static bool is_hyphen_place(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

void uuid_print(const unsigned char uuid[UUID_SIZE], char text[UUID_TEXT_SIZE])
{
    char digits[2 * UUID_SIZE + 1];
    hex_encode(uuid, UUID_SIZE, digits);
    const char *digit = digits;
    for (size_t at = 0; at < UUID_CHARACTERS; at++)
        text[at] = is_hyphen_place(at) ? '-' : *digit++;
    text[UUID_CHARACTERS] = '\0';
}

bool uuid_parse(const char *text, unsigned char uuid[UUID_SIZE])
{
    char digits[2 * UUID_SIZE];
    size_t count = 0;
    if (strnlen(text, UUID_TEXT_SIZE) != UUID_CHARACTERS)
        return false;
    for (size_t at = 0; at < UUID_CHARACTERS; at++) {
        if (!is_hyphen_place(at))
            digits[count++] = text[at];
        else if (text[at] != '-')
            return false;
    }
    return hex_decode(digits, UUID_SIZE, uuid);
}

bool random_bytes(void *data, size_t length)
{
    return length <= INT_MAX && RAND_bytes(data, (int)length) == 1;
}

bool is_equal_secret(const void *one, const void *other, size_t length)
{
    return CRYPTO_memcmp(one, other, length) == 0;
}
