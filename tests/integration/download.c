#include "integration/download.h"

#include "tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { BUFFER = 64 * 1024, PATIENCE_SECONDS = 60 };

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    const int size = BUFFER;
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ck_assert_int_eq(connect(socket_fd, (struct sockaddr *)&address, sizeof address), 0);
    return socket_fd;
}

struct download download_begin(const struct service *service, const char *path,
                               const char *fields)
{
    char request[1024];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          "Authorization: Bearer %s\r\n%s\r\n",
                          path, service->key, fields);
    struct download download = {.socket = dial(service->port)};
    ck_assert_int_eq(send(download.socket, request, (size_t)length, MSG_NOSIGNAL), length);
    return download;
}

/* Takes the chunks out, in place. Whole: the last one was there. */
static void join_chunks(struct download *download, char *from, const char *end)
{
    char *into = download->text = from;
    while (from < end) {
        char *data;
        size_t size = strtoul(from, &data, 16);
        data += strlen("\r\n");
        download->is_whole = size == 0;
        if (size == 0 || data + size > end)
            break;
        memmove(into, data, size);
        into += size;
        from = data + size + strlen("\r\n");
    }
    download->length = (size_t)(into - download->text);
    *into = '\0';
}

void download_finish(struct download *download)
{
    size_t length = 0, room = BUFFER;
    char *all = malloc(room + 1);
    ssize_t got;
    while ((got = recv(download->socket, all + length, room - length, 0)) > 0) {
        length += (size_t)got;
        if (length == room)
            all = realloc(all, (room *= 2) + 1);
    }
    close(download->socket);
    all[length] = '\0';
    download->head = all;
    char *end = strstr(all, "\r\n\r\n");
    if (end == NULL)
        return;
    download->status = (int)strtol(all + strlen("HTTP/1.1 "), NULL, 10);
    end[2] = '\0';
    if (strstr(all, "Transfer-Encoding: chunked") != NULL) {
        join_chunks(download, end + 4, all + length);
    } else {
        download->text = end + 4;
        download->length = length - (size_t)(download->text - all);
        download->is_whole = got == 0;
    }
}

struct download download_all(const struct service *service, const char *path,
                             const char *fields)
{
    struct download download = download_begin(service, path, fields);
    download_finish(&download);
    ck_assert_msg(download.status == 200, "%s: %s%s", path, download.head,
                  download.text != NULL ? download.text : "");
    ck_assert_msg(download.is_whole, "%s broke off", path);
    return download;
}

void download_clear(struct download *download)
{
    free(download->head);
    *download = (struct download){0};
}

json_t *download_lines(const struct download *download)
{
    json_t *lines = json_array();
    for (const char *at = download->text, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        ck_assert_ptr_nonnull(end);
        json_t *line = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
        ck_assert_msg(line != NULL, "%.*s", (int)(end - at), at);
        json_array_append_new(lines, line);
    }
    return lines;
}
