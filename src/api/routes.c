#include "api/routes.h"

#include "api/answer.h"
#include "api/handlers.h"
#include "base/compiler.h"

/* What metrics are asked by. */
#define QUESTION                                                                               \
    "from", "to", "interval", "timezone", "currency", "segment", "group_by", "lag_days",       \
        "steps", "window_days", "refund_basis"

static const char *const EVENT_MEDIA[] = {"application/json",
                                          "application/cloudevents+json",
                                          "application/cloudevents-batch+json",
                                          "application/x-ndjson",
                                          "*+json", /* in binary mode */
                                          NULL};
static const char *const POST_EVENTS_FLAGS[] = {"atomic", "dry_run", NULL};
static const char *const JSON_MEDIA[] = {"application/json", NULL};
static const char *const PATCH_MEDIA[] = {"application/merge-patch+json", NULL};
static const char *const IMPORT_MEDIA[] = {"application/x-ndjson", "text/csv", NULL};
static const char *const IMPORT[] = {"source", "type", NULL};
static const char *const LINES[] = {"application/x-ndjson", NULL};
static const char *const LINES_OR_CSV[] = {"application/x-ndjson", "text/csv", NULL};
static const char *const FORMAT[] = {"format", NULL};
static const char *const IMPORT_LIST[] = {"state", "limit", "cursor", "format", NULL};
static const char *const PROMETHEUS[] = {"text/plain", "application/openmetrics-text", NULL};
static const char *const PAGE[] = {"limit", "cursor", "format", NULL};
static const char *const CUSTOMER_LIST[] = {
    "stage",         "q",     "segment", "status", "channel",
    "updated_after", "limit", "cursor",  "format", NULL};
static const char *const SIGNAL_LIST[] = {"kind",   "customer", "limit",
                                          "cursor", "format",   NULL};
static const char *const PEERS[] = {"peers", "format", NULL};
static const char *const EVENT_LIST[] = {"customer",      "type",        "stage", "source",
                                         "occurred_from", "occurred_to", "limit", "cursor",
                                         "format",        NULL};
static const char *const RECONCILIATION[] = {"source", "from", "to", "by", "format", NULL};
static const char *const RATE_LIST[] = {"currency", "limit", "cursor", "format", NULL};
static const char *const MERGE_LIST[] = {"customer", "limit", "cursor", "format", NULL};
static const char *const AUDIT_LIST[] = {"key_id", "operation", "target", "from", "to",
                                         "limit",  "cursor",    "format", NULL};
static const char *const MODEL[] = {"version", NULL};
static const char *const METRIC[] = {QUESTION, "compare_to", "format", NULL};
static const char *const METRIC_LIST[] = {"names", QUESTION, "compare_to", "format", NULL};
static const char *const MEMBER_LIST[] = {QUESTION, "period", "group", "limit",
                                          "cursor", "format", NULL};

static const char *const TEXT_ANSWER[] = {"text/plain", NULL};
static const char *const JSON_OR_CSV[] = {"application/json", "text/csv", NULL};
static const char *const YAML_ANSWER[] = {"application/yaml", NULL};

#define GET .method = "GET"
#define POST .method = "POST"
#define PUT .method = "PUT"
#define PATCH .method = "PATCH"
#define DELETE .method = "DELETE"
#define EXPORT                                                                                 \
    GET, .lane = LANE_BULK, .flow = FLOW_ANSWER, .parameters = FORMAT,                         \
         .answer_types = LINES_OR_CSV, .admit = admit_export, .answer = export_dataset

const struct route ROUTES[] = {
    {POST, .path = "/v1/events", .scope = SCOPE_EVENTS_WRITE, .lane = LANE_WRITE,
     .parameters = POST_EVENTS_FLAGS, .media_types = EVENT_MEDIA, .is_body_optional = true,
     .field_prefix = "ce-", .admit = admit_events, .answer_batch = record_events},
    {GET, .path = "/v1/events", .scope = SCOPE_EVENTS_READ, .lane = LANE_READ,
     .parameters = EVENT_LIST, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_event_list, .answer = list_events},
    {GET, .path = "/v1/changes", .scope = SCOPE_EVENTS_READ, .lane = LANE_READ,
     .parameters = PAGE, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_change_list, .answer = list_changes},
    {GET, .path = "/v1/reconciliation", .scope = SCOPE_EVENTS_READ, .lane = LANE_READ,
     .takes_long = true, .parameters = RECONCILIATION, .answer_types = JSON_OR_CSV,
     .is_tagged = true, .admit = admit_reconciliation, .answer = show_reconciliation},
    {GET, .path = "/v1/events/{event_id}", .scope = SCOPE_EVENTS_READ, .lane = LANE_READ,
     .admit = admit_event_id, .is_tagged = true, .answer = show_event},
    {POST, .path = "/v1/events/{event_id}/void", .scope = SCOPE_EVENTS_WRITE,
     .lane = LANE_WRITE, .media_types = JSON_MEDIA, .is_body_optional = true,
     .admit = admit_void, .answer_batch = record_voids},
    {GET, .path = "/v1/event-types", .scope = SCOPE_EVENTS_READ, .lane = LANE_READ,
     .parameters = FORMAT, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_format, .answer = list_event_types},
    {GET, .path = "/v1/event-types/{type}", .scope = SCOPE_EVENTS_READ, .lane = LANE_READ,
     .is_tagged = true, .answer = show_event_type},
    {PUT, .path = "/v1/event-types/{type}", .scope = SCOPE_CONFIG_WRITE, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .is_tagged = true, .admit = admit_event_type,
     .answer = put_event_type, .refresh = refresh_event_types},

    {POST, .path = "/v1/imports", .scope = SCOPE_EVENTS_WRITE, .lane = LANE_BULK,
     .flow = FLOW_BODY, .parameters = IMPORT, .media_types = IMPORT_MEDIA,
     .admit = admit_import, .answer = run_import},
    {GET, .path = "/v1/imports", .scope = SCOPE_EVENTS_WRITE, .lane = LANE_READ,
     .parameters = IMPORT_LIST, .answer_types = JSON_OR_CSV, .admit = admit_import_list,
     .answer = list_imports},
    {GET, .path = "/v1/imports/{import_id}", .scope = SCOPE_EVENTS_WRITE, .lane = LANE_READ,
     .admit = admit_import_id, .answer = show_import},
    {GET, .path = "/v1/imports/{import_id}/rejects", .scope = SCOPE_EVENTS_WRITE,
     .lane = LANE_BULK, .flow = FLOW_ANSWER, .answer_types = LINES, .admit = admit_import_id,
     .answer = export_rejects},

    {EXPORT, .path = "/v1/exports/events", .scope = SCOPE_EVENTS_READ},
    {EXPORT, .path = "/v1/exports/customers", .scope = SCOPE_CUSTOMERS_READ},
    {EXPORT, .path = "/v1/exports/visits", .scope = SCOPE_CUSTOMERS_READ},
    {EXPORT, .path = "/v1/exports/transitions", .scope = SCOPE_CUSTOMERS_READ},
    {EXPORT, .path = "/v1/exports/purchases", .scope = SCOPE_CUSTOMERS_READ},

    {GET, .path = "/v1/customers", .scope = SCOPE_CUSTOMERS_READ, .lane = LANE_READ,
     .takes_long = true, .parameters = CUSTOMER_LIST, .answer_types = JSON_OR_CSV,
     .admit = admit_customer_list, .is_tagged = true, .answer = list_customers},
    {GET, .path = "/v1/customers/{ref}", .scope = SCOPE_CUSTOMERS_READ, .of_customer = true,
     .lane = LANE_READ, .admit = admit_customer, .is_tagged = true, .answer = show_customer},
    {PUT, .path = "/v1/customers/{ref}", .scope = SCOPE_CUSTOMERS_WRITE, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .is_tagged = true, .keeps_answer = true,
     .admit = admit_customer_change, .answer = change_customer},
    {PATCH, .path = "/v1/customers/{ref}", .scope = SCOPE_CUSTOMERS_WRITE, .lane = LANE_CHANGE,
     .media_types = PATCH_MEDIA, .is_tagged = true, .keeps_answer = true,
     .admit = admit_customer_change, .answer = change_customer},
    {GET, .path = "/v1/customers/{ref}/timeline", .scope = SCOPE_CUSTOMERS_READ,
     .of_customer = true, .lane = LANE_READ, .parameters = PAGE, .answer_types = JSON_OR_CSV,
     .admit = admit_customer_page, .is_tagged = true, .answer = list_timeline},
    {GET, .path = "/v1/customers/{ref}/visits", .scope = SCOPE_CUSTOMERS_READ,
     .of_customer = true, .lane = LANE_READ, .parameters = PAGE, .answer_types = JSON_OR_CSV,
     .admit = admit_customer_page, .is_tagged = true, .answer = list_visits},
    {GET, .path = "/v1/customers/{ref}/transitions", .scope = SCOPE_CUSTOMERS_READ,
     .of_customer = true, .lane = LANE_READ, .parameters = PAGE, .answer_types = JSON_OR_CSV,
     .admit = admit_customer_page, .is_tagged = true, .answer = list_transitions},
    {GET, .path = "/v1/customers/{ref}/subscriptions", .scope = SCOPE_CUSTOMERS_READ,
     .of_customer = true, .lane = LANE_READ, .parameters = PAGE, .answer_types = JSON_OR_CSV,
     .admit = admit_customer_page, .is_tagged = true, .answer = list_subscriptions},
    {GET, .path = "/v1/customers/{ref}/metrics", .scope = SCOPE_CUSTOMERS_READ,
     .of_customer = true, .lane = LANE_READ, .parameters = PEERS, .answer_types = JSON_OR_CSV,
     .admit = admit_customer_metrics, .answer = show_customer_metrics},

    {GET, .path = "/v1/signals", .scope = SCOPE_CUSTOMERS_READ, .lane = LANE_READ,
     .parameters = SIGNAL_LIST, .answer_types = JSON_OR_CSV, .admit = admit_signal_list,
     .is_tagged = true, .answer = list_signals},

    {POST, .path = "/v1/merges", .scope = SCOPE_CUSTOMERS_WRITE, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .is_tagged = true, .keeps_answer = true, .admit = admit_merge,
     .answer = make_merge},
    {GET, .path = "/v1/merges", .scope = SCOPE_CUSTOMERS_READ, .lane = LANE_READ,
     .parameters = MERGE_LIST, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_merge_list, .answer = list_merges},
    {GET, .path = "/v1/merges/{id}", .scope = SCOPE_CUSTOMERS_READ, .lane = LANE_READ,
     .is_tagged = true, .admit = admit_merge_id, .answer = show_merge},
    {POST, .path = "/v1/merges/{id}/revert", .scope = SCOPE_CUSTOMERS_WRITE,
     .lane = LANE_CHANGE, .media_types = JSON_MEDIA, .is_body_optional = true,
     .is_tagged = true, .keeps_answer = true, .admit = admit_revert, .answer = revert_merge},

    {GET, .path = "/v1/customers/{ref}/export", .scope = SCOPE_PRIVACY, .lane = LANE_BULK,
     .flow = FLOW_ANSWER, .admit = admit_customer, .answer = export_person},
    {POST, .path = "/v1/erasures", .scope = SCOPE_PRIVACY, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .is_tagged = true, .keeps_answer = true, .admit = admit_erasure,
     .answer = erase_person},
    {GET, .path = "/v1/erasures", .scope = SCOPE_PRIVACY, .lane = LANE_READ, .parameters = PAGE,
     .answer_types = JSON_OR_CSV, .is_tagged = true, .admit = admit_erasure_list,
     .answer = list_erasures},
    {GET, .path = "/v1/erasures/{id}", .scope = SCOPE_PRIVACY, .lane = LANE_READ,
     .is_tagged = true, .admit = admit_erasure_id, .answer = show_erasure},

    {GET, .path = "/v1/stages", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .parameters = FORMAT, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_format, .answer = list_stages},
    {GET, .path = "/v1/stage-models", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .parameters = FORMAT, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_format, .answer = list_stage_models},
    {GET, .path = "/v1/stage-models/{name}", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .parameters = MODEL, .is_tagged = true, .admit = admit_stage_model,
     .answer = show_stage_model},
    {PUT, .path = "/v1/stage-models/{name}", .scope = SCOPE_CONFIG_WRITE, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .is_tagged = true, .keeps_answer = true,
     .admit = admit_new_stage_model, .answer = put_stage_model},
    {POST, .path = "/v1/stage-models/{name}/activate", .scope = SCOPE_CONFIG_WRITE,
     .lane = LANE_CHANGE, .parameters = MODEL, .keeps_answer = true, .admit = admit_stage_model,
     .answer = activate_stage_model},
    {DELETE, .path = "/v1/stage-models/{name}/activation", .scope = SCOPE_CONFIG_WRITE,
     .lane = LANE_CHANGE, .admit = admit_stage_model, .answer = cancel_activation},
    {GET, .path = "/v1/metrics", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .takes_long = true, .parameters = METRIC_LIST, .answer_types = JSON_OR_CSV,
     .is_tagged = true, .admit = admit_metrics, .answer = list_metrics},
    {GET, .path = "/v1/metrics/{name}", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .takes_long = true, .parameters = METRIC, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_metric, .answer = show_metric},
    {GET, .path = "/v1/metrics/{name}/members", .scope = SCOPE_CUSTOMERS_READ,
     .lane = LANE_READ, .takes_long = true, .parameters = MEMBER_LIST,
     .answer_types = JSON_OR_CSV, .is_tagged = true, .admit = admit_members,
     .answer = list_members},

    {GET, .path = "/v1/segments", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .parameters = PAGE, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_segment_list, .answer = list_segments},
    {GET, .path = "/v1/segments/{name}", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .is_tagged = true, .admit = admit_segment, .answer = show_segment},
    {PUT, .path = "/v1/segments/{name}", .scope = SCOPE_CONFIG_WRITE, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .is_tagged = true, .keeps_answer = true,
     .admit = admit_new_segment, .answer = put_segment},
    {DELETE, .path = "/v1/segments/{name}", .scope = SCOPE_CONFIG_WRITE, .lane = LANE_CHANGE,
     .requires_match = true, .admit = admit_segment, .answer = delete_segment},
    {GET, .path = "/v1/segments/{name}/members", .scope = SCOPE_CUSTOMERS_READ,
     .lane = LANE_READ, .takes_long = true, .parameters = PAGE, .answer_types = JSON_OR_CSV,
     .is_tagged = true, .admit = admit_segment_members, .answer = list_segment_members},

    {GET, .path = "/v1/settings", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .is_tagged = true, .answer = show_settings},
    {PATCH, .path = "/v1/settings", .scope = SCOPE_CONFIG_WRITE, .lane = LANE_CHANGE,
     .media_types = PATCH_MEDIA, .is_tagged = true, .requires_match = true,
     .keeps_answer = true, .admit = admit_object, .answer = change_settings},
    {GET, .path = "/v1/rates", .scope = SCOPE_METRICS_READ, .lane = LANE_READ,
     .parameters = RATE_LIST, .answer_types = JSON_OR_CSV, .is_tagged = true,
     .admit = admit_rate_list, .answer = list_rates},
    {PUT, .path = "/v1/rates", .scope = SCOPE_CONFIG_WRITE, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .is_tagged = true, .requires_match = true, .keeps_answer = true,
     .admit = admit_object, .answer = change_rates},

    {GET, .path = "/v1/audit", .scope = SCOPE_ADMIN, .lane = LANE_READ,
     .parameters = AUDIT_LIST, .answer_types = JSON_OR_CSV, .admit = admit_audit_list,
     .answer = list_audit},
    {POST, .path = "/v1/tokens", .scope = SCOPES_READ, .lane = LANE_INLINE,
     .media_types = JSON_MEDIA, .admit = admit_token, .answer = make_token},
    {POST, .path = "/v1/keys", .scope = SCOPE_ADMIN, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .admit = admit_object, .answer = create_key,
     .refresh = refresh_keys},
    {GET, .path = "/v1/keys", .scope = SCOPE_ADMIN, .lane = LANE_READ, .parameters = PAGE,
     .answer_types = JSON_OR_CSV, .admit = admit_key_list, .answer = list_keys},
    {GET, .path = "/v1/keys/{key_id}", .scope = SCOPE_ADMIN, .lane = LANE_READ,
     .is_tagged = true, .admit = admit_key_id, .answer = show_key},
    {DELETE, .path = "/v1/keys/{key_id}", .scope = SCOPE_ADMIN, .lane = LANE_CHANGE,
     .admit = admit_key_id, .answer = revoke_key, .refresh = refresh_keys},
    {POST, .path = "/v1/keys/{key_id}/rotate", .scope = SCOPE_ADMIN, .lane = LANE_CHANGE,
     .media_types = JSON_MEDIA, .is_body_optional = true, .admit = admit_rotation,
     .answer = rotate_key, .refresh = refresh_keys},

    {GET, .path = "/healthz", .scope = SCOPE_NONE, .lane = LANE_INLINE, .answer = show_health},
    {GET, .path = "/readyz", .scope = SCOPE_NONE, .lane = LANE_INLINE,
     .answer = show_readiness},
    {GET, .path = "/metrics", .scope = SCOPE_ADMIN, .lane = LANE_INLINE,
     .answer_types = PROMETHEUS, .answer = show_service_metrics},
    {GET, .path = "/problems/{slug}", .scope = SCOPE_NONE, .lane = LANE_INLINE,
     .answer_types = TEXT_ANSWER, .answer = show_problem},
    {GET, .path = "/openapi.yaml", .scope = SCOPE_NONE, .lane = LANE_INLINE,
     .answer_types = YAML_ANSWER, .answer = show_openapi_yaml},
    {GET, .path = "/openapi.json", .scope = SCOPE_NONE, .lane = LANE_INLINE,
     .answer = show_openapi_json},
};

const size_t ROUTE_COUNT = COUNT_OF(ROUTES);

const struct route WATCH_ROUTES[] = {
    {GET, .path = "/metrics", .answer_types = PROMETHEUS, .answer = show_service_metrics},
    {GET, .path = "/healthz", .answer = show_health},
    {GET, .path = "/readyz", .answer = show_readiness},
};

const size_t WATCH_ROUTE_COUNT = COUNT_OF(WATCH_ROUTES);
