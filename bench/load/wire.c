/* One connection, with or without TLS: see wire.h. */
#include "wire.h"

#include "report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    RECORD_SIZE = 17 * 1024, /* more than a TLS record */
    PATIENCE = 10            /* seconds for connecting and for shaking hands */
};

static char buffer[LINE_MOST + READ_SIZE + RECORD_SIZE];
static char encrypted[READ_SIZE];
static char (*kept)[LINE_MOST];
static SSL **sessions;
static SSL_CTX *context;
static struct sockaddr_in address;

static _Noreturn void die_tls(const struct user *user)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    die("user %u: TLS: %s", user->number, reason ? reason : "the connection is closed");
}

void wire_prepare(uint32_t connections, uint16_t port, bool tls)
{
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    kept = claim(connections, sizeof *kept);
    if (!tls)
        return;
    sessions = claim(connections, sizeof *sessions);
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL)
        die("TLS: no context");
    /* The certificate is the benchmark's own: the name in it does not matter. */
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

static void shake_hands(struct user *user)
{
    SSL *session = sessions[user->number] = SSL_new(context);

    if (session == NULL || SSL_set_fd(session, user->fd) != 1 || SSL_connect(session) != 1)
        die_tls(user);
    /*
     * From now on it is fed with what one recv has got, however many records that are: reading
     * from the socket itself it would take two system calls for each.
     */
    BIO *input = BIO_new(BIO_s_mem());
    if (input == NULL)
        die("out of memory");
    BIO_set_mem_eof_return(input, -1);
    SSL_set0_rbio(session, input);
}

void wire_connect(struct user *user)
{
    int on = 1;
    struct timeval patience = {.tv_sec = PATIENCE};

    user->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (user->fd < 0)
        die_errno("user %u: socket", user->number);
    if (setsockopt(user->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(user->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        /* Nothing may wait for the acknowledgement of what was sent before. */
        setsockopt(user->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        die_errno("user %u: setsockopt", user->number);
    if (connect(user->fd, (struct sockaddr *)&address, sizeof address) < 0)
        die_errno("user %u: connect", user->number);
    if (context != NULL)
        shake_hands(user);
    if (fcntl(user->fd, F_SETFL, O_NONBLOCK) < 0)
        die_errno("user %u: fcntl", user->number);
}

void wire_send(struct user *user, const char *data, size_t size)
{
    if (context != NULL) {
        if (SSL_write(sessions[user->number], data, (int)size) != (int)size)
            die_tls(user);
        return;
    }
    ssize_t sent = send(user->fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && (errno == ECONNRESET || errno == EPIPE))
        die("user %u: the server has closed the connection", user->number);
    if (sent < 0 && errno != EAGAIN)
        die_errno("user %u: send", user->number);
    if (sent != (ssize_t)size)
        die("user %u: the server does not read", user->number);
}

/* How many bytes came: 0 for none just now, less than 0 for no more ever. */
static ssize_t receive(struct user *user, char *data)
{
    ssize_t got = recv(user->fd, data, READ_SIZE, 0);

    if (got > 0)
        return got;
    if (got == 0 || errno == ECONNRESET)
        return -1;
    if (errno != EAGAIN && errno != EINTR)
        die_errno("user %u: recv", user->number);
    return 0;
}

/* The plaintext of what came: never more bytes than what came, and the part of a record before. */
static ssize_t decrypt(struct user *user, char *data)
{
    SSL *session = sessions[user->number];
    ssize_t got = receive(user, encrypted), size = 0;
    int part;

    if (got < 0)
        return got;
    if (got > 0 && BIO_write(SSL_get_rbio(session), encrypted, (int)got) != (int)got)
        die("out of memory");
    while ((part = SSL_read(session, data + size, READ_SIZE + RECORD_SIZE - (int)size)) > 0)
        size += part;
    if (SSL_get_error(session, part) != SSL_ERROR_WANT_READ)
        die_tls(user);
    return size;
}

bool wire_read(struct user *user, char **begin, char **end)
{
    char *fresh = buffer + LINE_MOST;
    ssize_t size = context != NULL ? decrypt(user, fresh) : receive(user, fresh);

    if (size < 0)
        return false;
    *begin = fresh - user->kept;
    *end = fresh + size;
    if (user->kept > 0)
        memcpy(*begin, kept[user->number], user->kept);
    return true;
}

bool wire_keep(struct user *user, const char *rest, const char *end)
{
    size_t size = (size_t)(end - rest);
    bool fits = size <= LINE_MOST;

    if (!fits) {
        size = LINE_MOST / 2;
        rest = end - size;
    }
    if (size > 0)
        memcpy(kept[user->number], rest, size);
    user->kept = (uint16_t)size;
    return fits;
}

void wire_close(struct user *user)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(user->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(user->fd);
}
