/* Any bytes as the definition of a segment, put, shown and asked: it is refused where it
 * stands, or it divides the customers in two, those who meet it and those who do not, whether
 * all are asked at once or each by key. */
#include "fuzz.h"
#include "ground.h"

enum { HEAD_ROOM = 128 };

static const char HEAD[] = "PUT /v1/segments/fuzz\nContent-Type: application/json\n\n";

static const char DIVIDES[] =
    "with wanted (given) as (select condition from lifecycle.segment where name = 'fuzz'), "
    "customers (buckets, numbers) as ("
    "select array_agg(bucket), array_agg(customer_id) from lifecycle.customer "
    "where root_id is null) "
    "select (select count(*) from lifecycle.who_meets(given)) "
    "+ (select count(*) from lifecycle.who_meets(jsonb_build_object('not', given))) "
    "= cardinality(numbers) "
    "and (select count(*) from lifecycle.who_meets(given)) "
    "= (select count(*) from lifecycle.who_meets(given, buckets, numbers)) "
    "from wanted, customers";

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    (void)ground_database();
    return 0;
}

static void check_division(void)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    bool is_answered = db_execute(ground_database(), DIVIDES, &rows, &why);
    if (!is_answered)
        fprintf(stderr, "%s\n", why.log_detail);
    MUST_HOLD(is_answered && PQntuples(rows) == 1);
    MUST_HOLD(strcmp(PQgetvalue(rows, 0, 0), "t") == 0);
    PQclear(rows);
}

static void check_answered(const char *request)
{
    struct call call;
    ground_call(&call, request);
    call_end(&call);
}

/* What a segment is refused for stands in it. */
static void check_refusal(const struct call *call)
{
    json_t *body = call_body(call);
    json_t *problem =
        json_loadb(call->request.answer.body, call->request.answer.length, 0, NULL);
    const json_t *errors = json_object_get(problem, "errors"), *fault;
    struct problem why = {0};
    size_t i;
    json_array_foreach(errors, i, fault)
        fault_add(&why, json_string_value(json_object_get(fault, "pointer")), "%s", "fault");
    if (body != NULL)
        promise_pointers(&why, body);
    json_decref(problem);
    json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call;
    char *text = malloc(size + HEAD_ROOM);
    MUST_HOLD(text != NULL);
    memcpy(text, HEAD, sizeof HEAD - 1);
    memcpy(text + sizeof HEAD - 1, data, size);
    ground_begin();
    MUST_HOLD(ground_try(&call, text, sizeof HEAD - 1 + size));
    if (call.request.answer.status < 300) {
        check_division();
        check_answered("GET /v1/segments/fuzz");
        check_answered("GET /v1/segments/fuzz/members");
        check_answered("GET /v1/customers?segment=fuzz");
    } else {
        check_refusal(&call);
    }
    call_end(&call);
    ground_undo();
    free(text);
    return 0;
}
