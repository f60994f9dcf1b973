#include "integration/cluster.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void test_cluster_start(struct test_cluster *cluster)
{
    struct problem why = {0};
    snprintf(cluster->directory, sizeof cluster->directory, "/tmp/clmd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(cluster->directory));
    cluster->embedded = embedded_open(cluster->directory, EMBEDDED_OWN, &why);
    ck_assert_msg(cluster->embedded != NULL, "%s", why.detail);
}

void test_cluster_remove(struct test_cluster *cluster)
{
    embedded_close(cluster->embedded);
    cluster->embedded = NULL;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/rm", "rm", "-rf", "--", cluster->directory, (char *)NULL);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

pid_t test_cluster_postmaster(const struct test_cluster *cluster)
{
    char path[128], line[32] = "";
    snprintf(path, sizeof path, "%s/cluster/postmaster.pid", cluster->directory);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    bool is_read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    return is_read ? (pid_t)strtol(line, NULL, 10) : -1;
}
