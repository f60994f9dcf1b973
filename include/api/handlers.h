/* The handlers, by resource. admit_… runs on the I/O thread without the database, show_… and
 * list_… on a read worker, record_… on the writer, what makes or changes something in the lane
 * of changes. */
#ifndef CLMD_API_HANDLERS_H
#define CLMD_API_HANDLERS_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

struct db;
struct request;

/* object.c: the body is one JSON object */
bool admit_object(struct request *request, struct problem *why);

/* events.c */
bool admit_events(struct request *request, struct problem *why);
void record_events(struct request *const *batch, size_t count, struct db *db);
bool admit_event_id(struct request *request, struct problem *why);
bool show_event(struct request *request, struct problem *why);

/* event_types.c */
bool list_event_types(struct request *request, struct problem *why);
bool show_event_type(struct request *request, struct problem *why);
bool admit_event_type(struct request *request, struct problem *why);
bool put_event_type(struct request *request, struct problem *why);
void refresh_event_types(struct request *request);

/* ledger.c */
bool admit_event_list(struct request *request, struct problem *why);
bool list_events(struct request *request, struct problem *why);
bool admit_change_list(struct request *request, struct problem *why);
bool list_changes(struct request *request, struct problem *why);
bool admit_reconciliation(struct request *request, struct problem *why);
bool show_reconciliation(struct request *request, struct problem *why);

/* void.c */
bool admit_void(struct request *request, struct problem *why);
void record_voids(struct request *const *batch, size_t count, struct db *db);

/* imports.c */
bool admit_import(struct request *request, struct problem *why);
bool run_import(struct request *request, struct problem *why);
bool admit_import_list(struct request *request, struct problem *why);
bool list_imports(struct request *request, struct problem *why);
bool admit_import_id(struct request *request, struct problem *why);
bool show_import(struct request *request, struct problem *why);

/* exports.c */
bool admit_export(struct request *request, struct problem *why);
bool export_dataset(struct request *request, struct problem *why);
bool export_rejects(struct request *request, struct problem *why);
bool export_person(struct request *request, struct problem *why);

/* customers.c */
bool admit_customer(struct request *request, struct problem *why);
bool admit_customer_list(struct request *request, struct problem *why);
bool admit_customer_page(struct request *request, struct problem *why);
bool list_customers(struct request *request, struct problem *why);
bool show_customer(struct request *request, struct problem *why);
bool admit_customer_change(struct request *request, struct problem *why);
bool change_customer(struct request *request, struct problem *why);
bool list_timeline(struct request *request, struct problem *why);
bool list_visits(struct request *request, struct problem *why);
bool list_transitions(struct request *request, struct problem *why);
bool admit_customer_metrics(struct request *request, struct problem *why);
bool show_customer_metrics(struct request *request, struct problem *why);
bool list_stages(struct request *request, struct problem *why);

/* standing.c */
bool admit_signal_list(struct request *request, struct problem *why);
bool list_signals(struct request *request, struct problem *why);
bool list_subscriptions(struct request *request, struct problem *why);

/* configuration.c */
bool show_settings(struct request *request, struct problem *why);
bool change_settings(struct request *request, struct problem *why);
bool admit_rate_list(struct request *request, struct problem *why);
bool list_rates(struct request *request, struct problem *why);
bool change_rates(struct request *request, struct problem *why);

/* merges.c */
bool admit_merge(struct request *request, struct problem *why);
bool admit_merge_id(struct request *request, struct problem *why);
bool admit_merge_list(struct request *request, struct problem *why);
bool admit_revert(struct request *request, struct problem *why);
bool make_merge(struct request *request, struct problem *why);
bool revert_merge(struct request *request, struct problem *why);
bool show_merge(struct request *request, struct problem *why);
bool list_merges(struct request *request, struct problem *why);

/* erasures.c */
bool admit_erasure(struct request *request, struct problem *why);
bool admit_erasure_id(struct request *request, struct problem *why);
bool admit_erasure_list(struct request *request, struct problem *why);
bool erase_person(struct request *request, struct problem *why);
bool show_erasure(struct request *request, struct problem *why);
bool list_erasures(struct request *request, struct problem *why);

/* stage_models.c */
bool admit_stage_model(struct request *request, struct problem *why);
bool admit_new_stage_model(struct request *request, struct problem *why);
bool list_stage_models(struct request *request, struct problem *why);
bool show_stage_model(struct request *request, struct problem *why);
bool put_stage_model(struct request *request, struct problem *why);
bool activate_stage_model(struct request *request, struct problem *why);
bool cancel_activation(struct request *request, struct problem *why);

/* segments.c */
bool admit_segment(struct request *request, struct problem *why);
bool admit_new_segment(struct request *request, struct problem *why);
bool admit_segment_list(struct request *request, struct problem *why);
bool admit_segment_members(struct request *request, struct problem *why);
bool list_segments(struct request *request, struct problem *why);
bool show_segment(struct request *request, struct problem *why);
bool put_segment(struct request *request, struct problem *why);
bool delete_segment(struct request *request, struct problem *why);
bool list_segment_members(struct request *request, struct problem *why);

/* metrics.c */
bool admit_metric(struct request *request, struct problem *why);
bool admit_metrics(struct request *request, struct problem *why);
bool list_metrics(struct request *request, struct problem *why);
bool show_metric(struct request *request, struct problem *why);
bool admit_members(struct request *request, struct problem *why);
bool list_members(struct request *request, struct problem *why);

/* audit.c */
bool admit_audit_list(struct request *request, struct problem *why);
bool list_audit(struct request *request, struct problem *why);

/* tokens.c */
bool admit_token(struct request *request, struct problem *why);
bool make_token(struct request *request, struct problem *why);

/* keys.c */
bool admit_key_id(struct request *request, struct problem *why);
bool admit_key_list(struct request *request, struct problem *why);
bool admit_rotation(struct request *request, struct problem *why);
bool create_key(struct request *request, struct problem *why);
bool rotate_key(struct request *request, struct problem *why);
bool revoke_key(struct request *request, struct problem *why);
bool show_key(struct request *request, struct problem *why);
bool list_keys(struct request *request, struct problem *why);
void refresh_keys(struct request *request);

/* service.c */
bool show_health(struct request *request, struct problem *why);
bool show_service_metrics(struct request *request, struct problem *why); /* scrape.c */
bool show_readiness(struct request *request, struct problem *why);
bool show_problem(struct request *request, struct problem *why);
bool show_openapi_yaml(struct request *request, struct problem *why);
bool show_openapi_json(struct request *request, struct problem *why);

#endif
