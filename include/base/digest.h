/* Hashes and randomness, by OpenSSL's libcrypto. A hash has no failure to report: if libcrypto
 * has no memory left for its few bytes of state, the process ends. */
#ifndef CLMD_BASE_DIGEST_H
#define CLMD_BASE_DIGEST_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, UUID_SIZE = 16, UUID_TEXT_SIZE = 37, KEYED_SIZE = 16 };

void sha256(const void *data, size_t length, unsigned char digest[SHA256_SIZE]);

/* A short hash for tables in memory: who does not know the key cannot choose texts that share
 * one. */
uint64_t keyed_hash(const unsigned char key[KEYED_SIZE], const void *data, size_t length);

/* Hexadecimal in lower case, terminated: `text` holds 2 · length + 1 bytes. */
void hex_encode(const unsigned char *data, size_t length, char *text);

/* The other way round, either case: `length` bytes from twice as many digits; what follows them
 * does not matter. False at what is no digit; a text's end is none. */
bool hex_decode(const char *text, size_t length, unsigned char *data) MUST_CHECK;

/* A UUIDv5 (RFC 9562) in `name_space` of the concatenation of two texts with a newline
 * between. */
void uuid_of_name(const unsigned char name_space[UUID_SIZE], const char *first,
                  const char *second, unsigned char uuid[UUID_SIZE]);

/* A fresh UUIDv7. False when the system has no randomness to give. */
bool uuid_fresh(unsigned char uuid[UUID_SIZE]) MUST_CHECK;
void uuid_print(const unsigned char uuid[UUID_SIZE], char text[UUID_TEXT_SIZE]);

/* The canonical form with hyphens, either case. */
bool uuid_parse(const char *text, unsigned char uuid[UUID_SIZE]) MUST_CHECK;

bool random_bytes(void *data, size_t length) MUST_CHECK;

/* In a time that does not depend on the content. */
bool is_equal_secret(const void *one, const void *other, size_t length);

#endif
