#include "http/io_counts.h"

const int ANSWER_STATUSES[STATUSES] = {200, 201, 202, 204, 206, 207, 303, 304, 307, 400, 401,
                                       403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414,
                                       415, 422, 428, 429, 431, 500, 501, 503, 507, 0};

size_t status_row(int status)
{
    size_t row = 0;
    while (ANSWER_STATUSES[row] != 0 && ANSWER_STATUSES[row] != status)
        row++;
    return row;
}
