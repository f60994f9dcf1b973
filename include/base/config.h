/* Every setting of the process, in one table: from the environment, over it from flags, a
 * …_FILE variant for each secret. The README's table is compared with SETTINGS by a test. */
#ifndef CLMD_BASE_CONFIG_H
#define CLMD_BASE_CONFIG_H

#include "base/log.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The field in which trusted proxies tell whom they speak for. */
enum proxy_field { PROXY_FIELD_X_FORWARDED_FOR, PROXY_FIELD_FORWARDED };

enum access_log { ACCESS_LOG_FAILED, ACCESS_LOG_REFUSED, ACCESS_LOG_ALL };

struct config {
    char listen[128];             /* host:port; port 0 takes a free one */
    char metrics_listen[128];     /* the same for those who watch the service; empty: nowhere */
    char data_dir[1024];          /* of the embedded cluster and its admin key */
    char database_url[2048];      /* empty: the embedded cluster */
    char read_database_url[2048]; /* a replica that is read from; empty: none */
    unsigned read_lag_seconds;    /* behind the primary, beyond which it is not */
    unsigned key_seconds;         /* that keys count without being read again */
    bool pooler;                  /* database_url leads to one, in transaction mode */
    bool migrate;  /* migrate at the start, on a database that is not embedded too */
    bool greeting; /* print the address and the key at the start, on no terminal too */
    unsigned io_threads;
    unsigned read_workers;
    unsigned writers;        /* threads that store batches of events */
    unsigned change_workers; /* threads that change configuration and customers */
    unsigned bulk_workers;   /* threads that import and export */
    unsigned queue_limit;    /* requests that may wait in a lane */
    unsigned batch_events;   /* events that one commit of the writer takes at the most */
    unsigned body_limit;     /* bytes of a request's body */
    char type_prefix[128];   /* "com.acme": what may stand before an event's type */
    unsigned connection_limit;
    unsigned address_limit;    /* connections from one address; 0: any number */
    unsigned address_requests; /* requests under way of one address; 0: any number */
    unsigned rate_requests;    /* of a key, at once or in rate_seconds; 0: any number */
    unsigned rate_seconds;
    char tls_certificate[1024]; /* files; both empty: no TLS */
    char tls_key[1024];
    char cors_origins[2048];    /* of pages that may ask, separated by commas */
    char trusted_proxies[1024]; /* networks, separated by commas */
    enum proxy_field proxy_field;
    unsigned request_seconds;   /* deadline for receiving a whole request */
    unsigned idle_seconds;      /* a kept-alive connection without a request */
    unsigned statement_seconds; /* PostgreSQL's statement_timeout */
    unsigned read_seconds;      /* the same for reads that do not take long */
    unsigned write_seconds;     /* the same for batches of events */
    unsigned sweep_seconds;     /* from the end of a sweep to the next one, at the least */
    unsigned notice_seconds;    /* at a stop: from its announcement to its beginning */
    unsigned drain_seconds;     /* at a stop: the longest wait for requests under way */
    enum log_level log_level;
    enum access_log access_log; /* which answers are told at the level info */
    enum log_format log_format;
};

enum setting_kind {
    SETTING_TEXT,   /* char[size] */
    SETTING_NUMBER, /* unsigned, from minimum to maximum */
    SETTING_BOOL,
    SETTING_CHOICE /* an enum whose values are the positions in choices */
};

struct setting {
    const char *variable; /* "CLMD_LISTEN" */
    const char *flag;     /* "listen", for --listen; NULL if it has none */
    enum setting_kind kind;
    size_t offset; /* in struct config */
    size_t size;
    const char *initial; /* the default, as text */
    unsigned minimum, maximum;
    const char *const *choices; /* ends with NULL */
    bool secret;                /* has a …_FILE variant; never printed */
    const char *meaning;        /* one line for --help and the README */
};

extern const struct setting SETTINGS[];
extern const size_t SETTING_COUNT;

/* Defaults, then the environment. The fault names the variable and what it may be. */
bool config_load(struct config *config, struct problem *why) MUST_CHECK;

/* Takes the flags "--name value", "--name=value" and, for a bool, "--name" out of argv (argc
 * and argv are left with the rest, argv[0] included). An unknown flag is left where it is. */
bool config_flags(struct config *config, int *argc, char **argv,
                  struct problem *why) MUST_CHECK;

/* The longest that PostgreSQL may take for one statement, of whatever kind; seconds. */
unsigned config_longest_statement(const struct config *config);

/* The table of settings for --help. */
void config_help(FILE *out);

#endif
