#include "db/statement.h"

#include <assert.h>

/* A data set as a table, and as lines of JSON. */
#define EXPORT(name_)                                                                          \
    {                                                                                          \
        .name = "export_" name_, .sql = "select * from lifecycle.export_" name_                \
    }
#define EXPORT_LINES(name_)                                                                    \
    {                                                                                          \
        .name = "export_" name_ "_lines",                                                      \
        .sql = "select to_json(e) from lifecycle.export_" name_ " e"                           \
    }

static const struct statement_row STATEMENT_ROWS[] = {
    [STATEMENT_RECORD_EVENTS] =
        {"record_events",
         "select * from lifecycle.record_events("
         "$1::uuid[], $2::text[], $3::text[], $4::text[], $5::int2[], "
         "$6::timestamptz[], $7::text[], $8::int8[], $9::text[], "
         "$10::int8[], $11::text[], $12::int2[], $13::uuid[], $14::bool[], "
         "$15::text[], $16::text[])",
         16},
    [STATEMENT_SHOW_EVENT] = {"show_event", "select lifecycle.show_event($1::uuid)", 1},
    [STATEMENT_FIND_TO_VOID] = {"find_to_void",
                                "select source, id, subject, time, is_void "
                                "from lifecycle.find_to_void($1::uuid[])",
                                1},
    [STATEMENT_LIST_EVENT_TYPES] = {"list_event_types", "select lifecycle.list_event_types()",
                                    0},
    [STATEMENT_SHOW_EVENT_TYPE] = {"show_event_type",
                                   "select lifecycle.show_event_type($1::text)", 1},
    [STATEMENT_PUT_EVENT_TYPE] = {"put_event_type",
                                  "select document, is_new from lifecycle.put_event_type("
                                  "$1::text, $2::int2, $3::text, $4::json, $5::text, "
                                  "$6::text, $7::text)",
                                  7},
    [STATEMENT_LOAD_EVENT_TYPES] =
        {"load_event_types", "select type, name, document from lifecycle.load_event_types()",
         0},
    [STATEMENT_LIST_STAGES] = {"list_stages", "select lifecycle.list_stages()", 0},
    [STATEMENT_LIST_CUSTOMERS] = {"list_customers",
                                  "select page, next_cursor from lifecycle.list_customers("
                                  "$1::text, $2::text, $3::text, $4::text, $5::text, "
                                  "$6::text, $7::integer, $8::text)",
                                  8},
    [STATEMENT_SHOW_CUSTOMER] = {"show_customer", "select lifecycle.show_customer($1::text)",
                                 1},
    [STATEMENT_CHANGE_CUSTOMER] =
        {"change_customer",
         "select document, is_new from lifecycle.change_customer($1::text, $2::boolean, "
         "$3::json, $4::text, $5::text, $6::uuid, $7::text)",
         7},
    [STATEMENT_MAKE_MERGE] = {"make_merge",
                              "select lifecycle.make_merge($1::json, $2::uuid, $3::text), true",
                              3},
    [STATEMENT_REVERT_MERGE] = {"revert_merge",
                                "select lifecycle.revert_merge($1::uuid, $2::json, $3::uuid, "
                                "$4::text)",
                                4},
    [STATEMENT_SHOW_MERGE] = {"show_merge", "select lifecycle.show_merge($1::uuid)", 1},
    [STATEMENT_LIST_MERGES] = {"list_merges",
                               "select page, next_cursor from lifecycle.list_merges("
                               "$1::text, $2::integer, $3::text)",
                               3},
    [STATEMENT_LIST_AS_CSV] = {"list_as_csv", "select lifecycle.list_csv($1::text, $2::json)",
                               2},
    [STATEMENT_ERASE_PERSON] =
        {"erase_person",
         "select lifecycle.erase_person($1::json ->> 'customer', $2::uuid), true", 2},
    [STATEMENT_SHOW_ERASURE] = {"show_erasure", "select lifecycle.show_erasure($1::uuid)", 1},
    [STATEMENT_LIST_ERASURES] = {"list_erasures",
                                 "select page, next_cursor from lifecycle.list_erasures("
                                 "$1::integer, $2::text)",
                                 2},
    [STATEMENT_EXPORT_PERSON] = {"export_person",
                                 "select * from lifecycle.export_person($1::text)", 1},
    [STATEMENT_LIST_TIMELINE] = {"list_timeline",
                                 "select page, next_cursor from lifecycle.list_timeline("
                                 "$1::text, $2::integer, $3::text)",
                                 3},
    [STATEMENT_LIST_VISITS] = {"list_visits",
                               "select page, next_cursor from lifecycle.list_visits("
                               "$1::text, $2::integer, $3::text)",
                               3},
    [STATEMENT_LIST_TRANSITIONS] = {"list_transitions",
                                    "select page, next_cursor from lifecycle.list_transitions("
                                    "$1::text, $2::integer, $3::text)",
                                    3},
    [STATEMENT_LIST_SUBSCRIPTIONS] =
        {"list_subscriptions",
         "select page, next_cursor from lifecycle.list_subscriptions($1::text, $2::integer, "
         "$3::text)",
         3},
    [STATEMENT_LIST_SIGNALS] = {"list_signals",
                                "select page, next_cursor from lifecycle.list_signals("
                                "$1::text, $2::text, $3::integer, $4::text)",
                                4},
    [STATEMENT_SHOW_CUSTOMER_METRICS] = {"show_customer_metrics",
                                         "select metric.of_customer($1::text, $2::text)", 2},
    [STATEMENT_LIST_METRICS] = {"list_metrics", "select metric.catalogue()", 0},
    [STATEMENT_ANSWER_METRIC] = {"answer_metric",
                                 "select metric.answer($1::text, $2::jsonb), "
                                 "lifecycle.data_edition()",
                                 2},
    [STATEMENT_ANSWER_METRIC_CSV] = {"answer_metric_csv",
                                     "select metric.answer_csv($1::text, $2::jsonb), "
                                     "lifecycle.data_edition()",
                                     2},
    [STATEMENT_ANSWER_METRICS] = {"answer_metrics",
                                  "select metric.answers(string_to_array($1::text, ','), "
                                  "$2::jsonb), lifecycle.data_edition()",
                                  2},
    [STATEMENT_ANSWER_METRICS_CSV] =
        {"answer_metrics_csv",
         "select metric.answers_csv(string_to_array($1::text, ','), $2::jsonb), "
         "lifecycle.data_edition()",
         2},
    [STATEMENT_LIST_MEMBERS] = {"list_members",
                                "select page, next_cursor from metric.list_members($1::text, "
                                "$2::jsonb, $3::text, $4::json, $5::integer, $6::text)",
                                6},
    [STATEMENT_LOAD_EDITION] = {"load_edition", "select lifecycle.data_edition()", 0},
    [STATEMENT_LOAD_POSITION] =
        {"load_position",
         "select (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() "
         "else pg_current_wal_lsn() end) - '0/0'::pg_lsn",
         0},
    [STATEMENT_LOAD_KEYS] = {"load_keys", "select * from lifecycle.keys_in_force()", 0},
    [STATEMENT_LOAD_SIGNING_KEYS] = {"load_signing_keys",
                                     "select * from lifecycle.load_signing_keys()", 0},
    [STATEMENT_ROTATE_SIGNING_KEY] =
        {"rotate_signing_key", "select lifecycle.rotate_signing_key(decode($1::text, 'hex'))",
         1},
    [STATEMENT_NOTE_KEY_USE] = {"note_key_use",
                                "select lifecycle.note_key_use($1::text[], $2::timestamptz[])",
                                2},
    [STATEMENT_CREATE_KEY] = {"create_key",
                              "select lifecycle.create_key($1::text, decode($2::text, 'hex'), "
                              "$3::json)",
                              3},
    [STATEMENT_ROTATE_KEY] = {"rotate_key",
                              "select lifecycle.rotate_key($1::text, decode($2::text, 'hex'), "
                              "$3::integer)",
                              3},
    [STATEMENT_SHOW_KEY] = {"show_key", "select lifecycle.show_key($1::text)", 1},
    [STATEMENT_LIST_KEYS] =
        {"list_keys",
         "select page, next_cursor from lifecycle.list_keys($1::integer, $2::text)", 2},
    [STATEMENT_REVOKE_KEY] = {"revoke_key", "select lifecycle.revoke_key($1::text)", 1},
    [STATEMENT_HAS_KEYS] = {"has_keys", "select exists (select from lifecycle.api_key)", 0},
    [STATEMENT_CAN_WRITE] = {"can_write",
                             "select current_setting('transaction_read_only') = 'off'", 0},
    [STATEMENT_LIST_AUDIT] = {"list_audit",
                              "select page, next_cursor from lifecycle.list_audit("
                              "$1::text, $2::text, $3::text, $4::text, $5::text, "
                              "$6::integer, $7::text)",
                              7},
    [STATEMENT_ACT_AS] = {"act_as",
                          "select lifecycle.act_as($1::text, $2::text, $3::text, $4::text, "
                          "$5::text)",
                          5},
    [STATEMENT_LOAD_VITALS] =
        {"load_vitals",
         "select exists (select from clmd.migration m where m.name = $1::text), v.* "
         "from lifecycle.vitals() v",
         1},
    [STATEMENT_WEIGH_DATABASE] = {"weigh_database",
                                  "select pg_database_size(current_database())", 0},
    [STATEMENT_RECALL_ANSWER] =
        {"recall_answer",
         "select status, content_type, body, field, value from lifecycle.recall_answer("
         "$1::text, $2::text, decode($3::text, 'hex'))",
         3},
    [STATEMENT_KEEP_ANSWER] = {"keep_answer",
                               "select lifecycle.keep_answer($1::text, $2::text, "
                               "decode($3::text, 'hex'), $4::integer, $5::text, $6::text, "
                               "$7::text[])",
                               7},
    [STATEMENT_SHOW_SETTINGS] = {"show_settings", "select lifecycle.show_settings()", 0},
    [STATEMENT_CHANGE_SETTINGS] =
        {"change_settings", "select lifecycle.change_settings($1::json, $2::text, $3::text)",
         3},
    [STATEMENT_CHANGE_CUT] = {"change_cut", "select lifecycle.change_cut($1::text, $2::text)",
                              2},
    [STATEMENT_LIST_RATES] = {"list_rates",
                              "select page, next_cursor, tag from lifecycle.list_rates("
                              "$1::text, $2::integer, $3::text)",
                              3},
    [STATEMENT_CHANGE_RATES] = {"change_rates",
                                "select document, tag from lifecycle.change_rates("
                                "$1::json, $2::text, $3::text)",
                                3},
    [STATEMENT_LIST_EVENTS] = {"list_events",
                               "select page, next_cursor from lifecycle.list_events("
                               "$1::text, $2::text, $3::int2, $4::text, $5::text, $6::text, "
                               "$7::integer, $8::text)",
                               8},
    [STATEMENT_LIST_CHANGES] = {"list_changes",
                                "select page, next_cursor from lifecycle.list_changes("
                                "$1::integer, $2::text)",
                                2},
    [STATEMENT_RECONCILE] = {"reconcile",
                             "select lifecycle.reconcile($1::text, $2::date, $3::date, "
                             "$4::text is not null)",
                             4},
    [STATEMENT_LIST_SEGMENTS] = {"list_segments",
                                 "select page, next_cursor from lifecycle.list_segments("
                                 "$1::integer, $2::text)",
                                 2},
    [STATEMENT_SHOW_SEGMENT] = {"show_segment", "select lifecycle.show_segment($1::text)", 1},
    [STATEMENT_PUT_SEGMENT] = {"put_segment",
                               "select document, is_new from lifecycle.put_segment("
                               "$1::text, $2::jsonb, $3::text, $4::text)",
                               4},
    [STATEMENT_DELETE_SEGMENT] = {"delete_segment",
                                  "select lifecycle.delete_segment($1::text, $2::text, "
                                  "$3::text)",
                                  3},
    [STATEMENT_LIST_SEGMENT_MEMBERS] = {"list_segment_members",
                                        "select page, next_cursor from lifecycle.list_members("
                                        "$1::text, $2::integer, $3::text)",
                                        3},
    [STATEMENT_LIST_STAGE_MODELS] = {"list_stage_models",
                                     "select lifecycle.list_stage_models()", 0},
    [STATEMENT_SHOW_STAGE_MODEL] = {"show_stage_model",
                                    "select lifecycle.show_stage_model($1::text, $2::integer)",
                                    2},
    [STATEMENT_PUT_STAGE_MODEL] = {"put_stage_model",
                                   "select document, is_new from lifecycle.put_stage_model("
                                   "$1::text, $2::jsonb, $3::text, $4::text)",
                                   4},
    [STATEMENT_ACTIVATE_STAGE_MODEL] =
        {"activate_stage_model",
         "select document, is_under_way from lifecycle.activate_stage_model($1::text, "
         "$2::integer)",
         2},
    [STATEMENT_CANCEL_ACTIVATION] = {"cancel_activation",
                                     "select lifecycle.cancel_activation($1::text)", 1},
    [STATEMENT_WORK_ON_MODELS] =
        {"work_on_models",
         "select has_more, activated from lifecycle.work_on_models($1::integer)", 1},
    [STATEMENT_NOTE_FAILED_WORK] = {"note_failed_work", "select lifecycle.note_failed_work()",
                                    0},
    [STATEMENT_COUNT_REJECTED] = {"count_rejected",
                                  "select lifecycle.count_rejected($1::text[], $2::bigint[])",
                                  2},
    [STATEMENT_SWEEP_STEP] = {"sweep_step", "select lifecycle.sweep_step($1::interval)", 1},
    [STATEMENT_SKIP_SWEEP_STEP] = {"skip_sweep_step", "select lifecycle.skip_sweep_step()", 0},
    [STATEMENT_START_IMPORT] = {"start_import",
                                "select lifecycle.start_import($1::uuid, $2::text, $3::text, "
                                "$4::bigint)",
                                4},
    [STATEMENT_NOTE_IMPORT] = {"note_import",
                               "select lifecycle.note_import($1::uuid, $2::text, $3::bigint, "
                               "$4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::bigint, "
                               "$9::json)",
                               9},
    [STATEMENT_KEEP_REJECTS] = {"keep_rejects",
                                "select lifecycle.keep_rejects($1::uuid, $2::text[])", 2},
    [STATEMENT_SHOW_IMPORT] = {"show_import",
                               "select lifecycle.show_import($1::uuid, $2::text)", 2},
    [STATEMENT_LIST_IMPORTS] = {"list_imports",
                                "select page, next_cursor from lifecycle.list_imports("
                                "$1::text, $2::text, $3::integer, $4::text)",
                                4},
    [STATEMENT_EXPORT_REJECTS] = {"export_rejects",
                                  "select r.reject from lifecycle.import_reject r "
                                  "where r.import_id = $1::uuid order by r.number",
                                  1},
    [STATEMENT_EXPORT_EVENTS] = EXPORT("events"),
    [STATEMENT_EXPORT_EVENTS_LINES] = EXPORT_LINES("events"),
    [STATEMENT_EXPORT_CUSTOMERS] = EXPORT("customers"),
    [STATEMENT_EXPORT_CUSTOMERS_LINES] = EXPORT_LINES("customers"),
    [STATEMENT_EXPORT_VISITS] = EXPORT("visits"),
    [STATEMENT_EXPORT_VISITS_LINES] = EXPORT_LINES("visits"),
    [STATEMENT_EXPORT_TRANSITIONS] = EXPORT("transitions"),
    [STATEMENT_EXPORT_TRANSITIONS_LINES] = EXPORT_LINES("transitions"),
    [STATEMENT_EXPORT_PURCHASES] = EXPORT("purchases"),
    [STATEMENT_EXPORT_PURCHASES_LINES] = EXPORT_LINES("purchases"),
};

static_assert(sizeof STATEMENT_ROWS / sizeof *STATEMENT_ROWS == STATEMENTS,
              "a row for every statement");

const struct statement_row *statement_row(enum statement statement)
{
    return &STATEMENT_ROWS[statement];
}
