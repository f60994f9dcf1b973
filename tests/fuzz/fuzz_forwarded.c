/* Any bytes as what proxies say about a client, in both fields; and as a list of networks. */
#include "fuzz.h"

#include "http/proxies.h"

/* A client is the peer, or an address that the text spells; and from what is appended by the
 * nearest proxy, it is that, whatever a client has written before. */
static void check_follow(enum proxy_field field, const char *text)
{
    static const char *const LAST[] = {[PROXY_FIELD_X_FORWARDED_FOR] = "203.0.113.77",
                                       [PROXY_FIELD_FORWARDED] = "for=203.0.113.77"};
    struct proxies proxies = {.count = 0};
    struct problem why = {0};
    struct address peer, client, nearest;
    char longer[8192], printed[ADDRESS_TEXT_SIZE];
    MUST_HOLD(proxies_read("10.0.0.0/8", &proxies, &why));
    MUST_HOLD(address_parse("10.0.0.1", 8, &peer) &&
              address_parse("203.0.113.77", 12, &nearest));
    proxies.field = field;
    client = peer;
    proxies_follow(&proxies, text, &client);
    address_print(&client, printed);
    MUST_HOLD(printed[0] != '\0' && address_parse(printed, strlen(printed), &client));
    bool is_balanced = field == PROXY_FIELD_X_FORWARDED_FOR || !strpbrk(text, "\"\\");
    snprintf(longer, sizeof longer, "%s, %s", text, LAST[field]);
    client = peer;
    proxies_follow(&proxies, longer, &client);
    MUST_HOLD(!is_balanced || memcmp(&client, &nearest, sizeof client) == 0);
}

static void check_list(const char *text)
{
    struct proxies proxies = {.count = 0};
    struct problem why = {0};
    bool is_read = proxies_read(text, &proxies, &why);
    MUST_HOLD(is_read == (why.code == PROBLEM_NONE));
    for (size_t i = 0; is_read && i < proxies.count; i++)
        MUST_HOLD(proxies_trust(&proxies, &proxies.networks[i].address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    check_follow(PROXY_FIELD_X_FORWARDED_FOR, text);
    check_follow(PROXY_FIELD_FORWARDED, text);
    check_list(text);
    free(text);
    return 0;
}
