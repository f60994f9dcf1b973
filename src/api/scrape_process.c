/* The process, under the names that Prometheus has for such things, the build, and the log. */
#include "api/scrape.h"
#include "api/service.h"
#include "base/compiler.h"
#include "base/log.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void write_cpu(struct scrape *scrape)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        exposition_value(&scrape->exposition, NULL,
                         seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
}

/* In pages, of all and of what is resident. */
static bool read_memory(unsigned long long *total, unsigned long long *resident)
{
    FILE *file = fopen("/proc/self/statm", "re");
    bool is_read = file && fscanf(file, "%llu %llu", total, resident) == 2;
    if (file)
        fclose(file);
    return is_read;
}

static void write_memory(struct scrape *scrape)
{
    unsigned long long total, resident;
    if (read_memory(&total, &resident))
        exposition_count(&scrape->exposition, NULL,
                         resident * (unsigned long long)sysconf(_SC_PAGESIZE));
}

static void write_virtual_memory(struct scrape *scrape)
{
    unsigned long long total, resident;
    if (read_memory(&total, &resident))
        exposition_count(&scrape->exposition, NULL,
                         total * (unsigned long long)sysconf(_SC_PAGESIZE));
}

/* Without the two names that every directory has, and without the one that reads it. */
static void write_files(struct scrape *scrape)
{
    DIR *directory = opendir("/proc/self/fd");
    uint64_t count = 0;
    while (directory && readdir(directory))
        count++;
    if (!directory)
        return;
    closedir(directory);
    exposition_count(&scrape->exposition, NULL, count > 3 ? count - 3 : 0);
}

static void write_file_limit(struct scrape *scrape)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        exposition_count(&scrape->exposition, NULL, limit.rlim_cur);
}

static void write_start(struct scrape *scrape)
{
    exposition_value(&scrape->exposition, NULL, (double)scrape->service->started_at);
}

static void write_ready(struct scrape *scrape)
{
    exposition_count(&scrape->exposition, NULL,
                     service_is_ready(scrape->service, scrape->server));
}

static bool read_disk(const struct scrape *scrape, struct statvfs *disk)
{
    const char *directory = scrape->service->data_directory;
    return directory && statvfs(directory, disk) == 0;
}

static void write_disk_free(struct scrape *scrape)
{
    struct statvfs disk;
    if (read_disk(scrape, &disk))
        exposition_count(&scrape->exposition, NULL, (uint64_t)disk.f_bavail * disk.f_frsize);
}

static void write_disk_size(struct scrape *scrape)
{
    struct statvfs disk;
    if (read_disk(scrape, &disk))
        exposition_count(&scrape->exposition, NULL, (uint64_t)disk.f_blocks * disk.f_frsize);
}

static void write_build(struct scrape *scrape)
{
    char libpq[16];
    snprintf(libpq, sizeof libpq, "%d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000);
    const struct label labels[] = {{"version", CLMD_VERSION}, {"libpq", libpq}, {NULL, NULL}};
    exposition_count(&scrape->exposition, labels, 1);
}

static void write_log(struct scrape *scrape)
{
    for (enum log_level level = LOG_LEVEL_DEBUG; level < LOG_LEVELS; level++) {
        const struct label labels[] = {{"level", LOG_LEVEL_NAMES[level]}, {NULL, NULL}};
        exposition_count(&scrape->exposition, labels, log_count(level));
    }
}

static const struct scraped ROWS[] = {
    {{"clmd_build_info", FAMILY_GAUGE, "Always 1; the labels tell the version"}, write_build},
    {{"clmd_ready", FAMILY_GAUGE, "Whether /readyz would answer 200, 1 or 0"}, write_ready},
    {{"clmd_data_directory_free_bytes", FAMILY_GAUGE,
      "What is free on the disk of the embedded PostgreSQL, where there is one"},
     write_disk_free},
    {{"clmd_data_directory_size_bytes", FAMILY_GAUGE,
      "The size of the disk of the embedded PostgreSQL, where there is one"},
     write_disk_size},
    {{"clmd_log_lines_total", FAMILY_COUNTER, "Lines of the log, by level"}, write_log},
    {{"process_cpu_seconds_total", FAMILY_COUNTER, "CPU time of the process"}, write_cpu},
    {{"process_resident_memory_bytes", FAMILY_GAUGE, "Memory of the process that is resident"},
     write_memory},
    {{"process_virtual_memory_bytes", FAMILY_GAUGE, "Address space of the process"},
     write_virtual_memory},
    {{"process_open_fds", FAMILY_GAUGE, "Open file descriptors"}, write_files},
    {{"process_max_fds", FAMILY_GAUGE, "File descriptors that may be open"}, write_file_limit},
    {{"process_start_time_seconds", FAMILY_GAUGE, "When the service began, in Unix time"},
     write_start},
};

const struct scraped_table SCRAPED_PROCESS = {ROWS, COUNT_OF(ROWS)};
