/* The table of settings. */
#include "base/config.h"

#include <assert.h>
#include <stddef.h>

static const char *const LEVELS[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
    NULL,
};

static const char *const FORMATS[] = {
    [LOG_FORMAT_LOGFMT] = "logfmt",
    [LOG_FORMAT_JSON] = "json",
    NULL,
};

static const char *const ANSWERS[] = {
    [ACCESS_LOG_FAILED] = "failed",
    [ACCESS_LOG_REFUSED] = "refused",
    [ACCESS_LOG_ALL] = "all",
    NULL,
};

static const char *const PROXY_FIELDS[] = {
    [PROXY_FIELD_X_FORWARDED_FOR] = "X-Forwarded-For",
    [PROXY_FIELD_FORWARDED] = "Forwarded",
    NULL,
};

static_assert(sizeof(enum log_level) == sizeof(unsigned), "a choice is stored as unsigned");
static_assert(sizeof(enum proxy_field) == sizeof(unsigned), "a choice is stored as unsigned");
static_assert(sizeof(enum access_log) == sizeof(unsigned), "a choice is stored as unsigned");
static_assert(sizeof(enum log_format) == sizeof(unsigned), "a choice is stored as unsigned");

#define PLACE(member)                                                                          \
    .offset = offsetof(struct config, member), .size = sizeof(((struct config *)0)->member)
#define TEXT(member) .kind = SETTING_TEXT, PLACE(member)
#define BOOL(member) .kind = SETTING_BOOL, PLACE(member)
#define CHOICE(member, names) .kind = SETTING_CHOICE, PLACE(member), .choices = (names)
#define NUMBER(member, from, to)                                                               \
    .kind = SETTING_NUMBER, PLACE(member), .minimum = (from), .maximum = (to)

const struct setting SETTINGS[] = {
    {"CLMD_LISTEN", "listen", TEXT(listen), .initial = "127.0.0.1:8080",
     .meaning = "host:port to listen on; port 0 takes a free one"},
    {"CLMD_METRICS_LISTEN", "metrics-listen", TEXT(metrics_listen), .initial = "",
     .meaning = "host:port of /metrics, /healthz and /readyz without a key; unset: none"},
    {"CLMD_DATA_DIR", "data-dir", TEXT(data_dir), .initial = "",
     .meaning = "directory of the embedded PostgreSQL; unset: /var/lib/clmd for root, else "
                "~/.local/share/clmd"},
    {"DATABASE_URL", "database-url", TEXT(database_url), .initial = "", .secret = true,
     .meaning = "the PostgreSQL to use; unset: the embedded one"},
    {"CLMD_READ_DATABASE_URL", "read-database-url", TEXT(read_database_url), .initial = "",
     .secret = true, .meaning = "a replica of the database, to read from; unset: none"},
    {"CLMD_READ_LAG_SECONDS", "read-lag-seconds", NUMBER(read_lag_seconds, 1, 3600),
     .initial = "5", .meaning = "how far behind the replica may be to be read from"},
    {"CLMD_KEY_SECONDS", "key-seconds", NUMBER(key_seconds, 15, 86400), .initial = "60",
     .meaning =
         "how long keys count that the database does not confirm; then reads get 503 too"},
    {"CLMD_POOLER", "pooler", BOOL(pooler), .initial = "false",
     .meaning = "DATABASE_URL leads to PgBouncer, or another pooler, in transaction mode"},
    {"CLMD_MIGRATE", "migrate", BOOL(migrate), .initial = "false",
     .meaning = "migrate the schema at the start, on DATABASE_URL too"},
    {"CLMD_GREETING", "greeting", BOOL(greeting), .initial = "false",
     .meaning = "tell address, key and a line to paste even if nobody is at a terminal"},
    {"CLMD_IO_THREADS", "io-threads", NUMBER(io_threads, 1, 16), .initial = "2",
     .meaning = "threads that receive and send"},
    {"CLMD_READ_WORKERS", "read-workers", NUMBER(read_workers, 1, 64), .initial = "4",
     .meaning = "threads that read, each with a connection of its own to PostgreSQL"},
    {"CLMD_WRITERS", "writers", NUMBER(writers, 1, 16), .initial = "2",
     .meaning = "threads that store events, each with a connection of its own"},
    {"CLMD_CHANGE_WORKERS", "change-workers", NUMBER(change_workers, 1, 16), .initial = "1",
     .meaning = "threads that change configuration and customers, each with a connection"},
    {"CLMD_BULK_WORKERS", "bulk-workers", NUMBER(bulk_workers, 1, 64), .initial = "4",
     .meaning = "imports and exports at a time; further ones get 503"},
    {"CLMD_QUEUE_LIMIT", "queue-limit", NUMBER(queue_limit, 1, 65536), .initial = "1024",
     .meaning = "requests that may wait for a worker; further ones get 503"},
    {"CLMD_BATCH_EVENTS", "batch-events", NUMBER(batch_events, 1, 5000), .initial = "500",
     .meaning = "events that one commit takes at the most"},
    {"CLMD_BODY_LIMIT", "body-limit", NUMBER(body_limit, 1024, 67108864), .initial = "4194304",
     .meaning = "bytes of a request's body"},
    {"CLMD_TYPE_PREFIX", "type-prefix", TEXT(type_prefix), .initial = "",
     .meaning = "reverse DNS name, as com.acme, that may stand before the types of events"},
    {"CLMD_CONNECTION_LIMIT", "connection-limit", NUMBER(connection_limit, 1, 65536),
     .initial = "4096", .meaning = "connections at a time"},
    {"CLMD_ADDRESS_LIMIT", "address-limit", NUMBER(address_limit, 1, 65536), .initial = "2048",
     .meaning = "connections at a time from one address"},
    {"CLMD_ADDRESS_REQUESTS", "address-requests", NUMBER(address_requests, 0, 65536),
     .initial = "1024",
     .meaning = "requests under way at a time from one address; further ones get 429; 0: any "
                "number"},
    {"CLMD_RATE_REQUESTS", "rate-requests", NUMBER(rate_requests, 0, 1000000), .initial = "0",
     .meaning = "requests of one key, or of one address without a key, in CLMD_RATE_SECONDS; "
                "further ones get 429; 0: any number"},
    {"CLMD_RATE_SECONDS", "rate-seconds", NUMBER(rate_seconds, 1, 3600), .initial = "60",
     .meaning = "the time of CLMD_RATE_REQUESTS"},
    {"CLMD_TLS_CERTIFICATE", "tls-certificate", TEXT(tls_certificate), .initial = "",
     .meaning =
         "file of the certificate for TLS, with its chain, in PEM; read again at SIGHUP"},
    {"CLMD_TLS_KEY", "tls-key", TEXT(tls_key), .initial = "",
     .meaning = "file of its key, in PEM"},
    {"CLMD_CORS_ORIGINS", "cors-origins", TEXT(cors_origins), .initial = "",
     .meaning = "origins whose pages may use the API from a browser, as "
                "https://app.example.com,http://localhost:5173"},
    {"CLMD_TRUSTED_PROXIES", "trusted-proxies", TEXT(trusted_proxies), .initial = "",
     .meaning = "networks of proxies whose word about their clients' addresses counts, as "
                "10.0.0.0/8,fd00::/8"},
    {"CLMD_PROXY_FIELD", "proxy-field", CHOICE(proxy_field, PROXY_FIELDS),
     .initial = "X-Forwarded-For", .meaning = "the field that these proxies write"},
    {"CLMD_REQUEST_SECONDS", "request-seconds", NUMBER(request_seconds, 1, 3600),
     .initial = "30",
     .meaning = "deadline for a whole request to arrive, and for its answer to be taken"},
    {"CLMD_IDLE_SECONDS", "idle-seconds", NUMBER(idle_seconds, 1, 3600), .initial = "75",
     .meaning = "how long a connection is kept without a request"},
    {"CLMD_STATEMENT_SECONDS", "statement-seconds", NUMBER(statement_seconds, 1, 3600),
     .initial = "30", .meaning = "the longest that a statement may run in PostgreSQL"},
    {"CLMD_READ_SECONDS", "read-seconds", NUMBER(read_seconds, 1, 3600), .initial = "10",
     .meaning = "the same for reads, but for metrics, lists of customers and reconciliation"},
    {"CLMD_WRITE_SECONDS", "write-seconds", NUMBER(write_seconds, 1, 3600), .initial = "10",
     .meaning = "the same for storing a batch of events"},
    {"CLMD_SWEEP_SECONDS", "sweep-seconds", NUMBER(sweep_seconds, 1, 86400), .initial = "30",
     .meaning = "the least time from one measuring of all customers to the next"},
    {"CLMD_NOTICE_SECONDS", "notice-seconds", NUMBER(notice_seconds, 0, 300), .initial = "0",
     .meaning = "at a stop, how long /readyz tells of it before connections are closed"},
    {"CLMD_DRAIN_SECONDS", "drain-seconds", NUMBER(drain_seconds, 0, 3600), .initial = "20",
     .meaning = "at a stop, the longest wait for requests under way"},
    {"CLMD_LOG_LEVEL", "log-level", CHOICE(log_level, LEVELS), .initial = "info",
     .meaning = "the least that is logged"},
    {"CLMD_ACCESS_LOG", "access-log", CHOICE(access_log, ANSWERS), .initial = "failed",
     .meaning = "the requests that have a line: failed (5xx), refused (4xx too) or all"},
    {"CLMD_LOG_FORMAT", "log-format", CHOICE(log_format, FORMATS), .initial = "logfmt",
     .meaning = "the form of log lines"},
};

const size_t SETTING_COUNT = COUNT_OF(SETTINGS);
