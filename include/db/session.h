/* A session with PostgreSQL: how it is opened, and on what terms it works for us. */
#ifndef CLMD_DB_SESSION_H
#define CLMD_DB_SESSION_H

#include "base/problem.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* Which of the hosts of a URL: the one that its target_session_attrs asks for, or any. */
enum session_host { SESSION_HOST_WANTED, SESSION_HOST_ANY };

/* Opens a connection. Each host that the URL names has three seconds to answer, unless the URL
 * has a connect_timeout of its own; so one that swallows packets does not keep us from the
 * next. NULL with a problem when none of them takes us. */
PGconn *session_open(const char *url, enum session_host host, struct problem *why);

/* Whether the URL asks for a host of a certain kind: then SESSION_HOST_ANY may find more. */
bool session_is_choosy(const char *url);

enum session_outlook {
    SESSION_ABSENT,  /* nobody is there, or it starts, stops or recovers */
    SESSION_REFUSED, /* a server runs, and takes others in if not us */
    SESSION_HOPELESS /* libpq cannot read the URL */
};

/* Why there may be no session to be had. */
enum session_outlook session_look(const char *url);

enum { SESSION_SQL_SIZE = 768 };

struct session_terms {
    unsigned seconds;        /* of a statement; 0: no limit */
    const char *application; /* for the transaction: hexadecimal digits, and blanks; NULL */
    bool is_local; /* for the transaction alone, since the session is not ours to keep */
};

/* The statement that makes a session keep to the terms. It pins the search path too: a name
 * without its schema is PostgreSQL's own. */
void session_write(const struct session_terms *terms, char sql[SESSION_SQL_SIZE]);

#endif
