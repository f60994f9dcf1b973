/* The main function of a test program: runs a check suite in fork mode and prints TAP. */
#ifndef CLMD_TESTS_TAP_H
#define CLMD_TESTS_TAP_H

#include <check.h>
#include <stdlib.h>

#undef fail /* an old name of check's; here it is base/problem.h's */

static inline int tap_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
