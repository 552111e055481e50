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

static _Noreturn void die_tls(const struct participant *who)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    die("participant %u: TLS: %s", who->number, reason ? reason : "the connection is closed");
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
    /* The certificate is the benchmark's own: whom it names does not matter. */
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

static void shake_hands(struct participant *who)
{
    SSL *session = sessions[who->number] = SSL_new(context);

    if (session == NULL || SSL_set_fd(session, who->fd) != 1 || SSL_connect(session) != 1)
        die_tls(who);
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

void wire_connect(struct participant *who)
{
    int on = 1;
    struct timeval patience = {.tv_sec = PATIENCE};

    who->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (who->fd < 0)
        die_errno("participant %u: socket", who->number);
    if (setsockopt(who->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(who->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        /* Nothing may wait for the acknowledgement of what was sent before. */
        setsockopt(who->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        die_errno("participant %u: setsockopt", who->number);
    if (connect(who->fd, (struct sockaddr *)&address, sizeof address) < 0)
        die_errno("participant %u: connect", who->number);
    if (context != NULL)
        shake_hands(who);
    if (fcntl(who->fd, F_SETFL, O_NONBLOCK) < 0)
        die_errno("participant %u: fcntl", who->number);
}

void wire_send(struct participant *who, const char *data, size_t size)
{
    if (context != NULL) {
        if (SSL_write(sessions[who->number], data, (int)size) != (int)size)
            die_tls(who);
        return;
    }
    ssize_t sent = send(who->fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && (errno == ECONNRESET || errno == EPIPE))
        die("participant %u: the server has closed the connection", who->number);
    if (sent < 0 && errno != EAGAIN)
        die_errno("participant %u: send", who->number);
    if (sent != (ssize_t)size)
        die("participant %u: the server does not read", who->number);
}

/* How many bytes came: 0 for none just now, less than 0 for no more ever. */
static ssize_t receive(struct participant *who, char *data)
{
    ssize_t got = recv(who->fd, data, READ_SIZE, 0);

    if (got > 0)
        return got;
    if (got == 0 || errno == ECONNRESET)
        return -1;
    if (errno != EAGAIN && errno != EINTR)
        die_errno("participant %u: recv", who->number);
    return 0;
}

/* The plaintext of what came: never more bytes than what came, and the part of a record before. */
static ssize_t decrypt(struct participant *who, char *data)
{
    SSL *session = sessions[who->number];
    ssize_t got = receive(who, encrypted), size = 0;
    int part;

    if (got < 0)
        return got;
    if (got > 0 && BIO_write(SSL_get_rbio(session), encrypted, (int)got) != (int)got)
        die("out of memory");
    while ((part = SSL_read(session, data + size, READ_SIZE + RECORD_SIZE - (int)size)) > 0)
        size += part;
    if (SSL_get_error(session, part) != SSL_ERROR_WANT_READ)
        die_tls(who);
    return size;
}

bool wire_read(struct participant *who, char **begin, char **end)
{
    char *fresh = buffer + LINE_MOST;
    ssize_t size = context != NULL ? decrypt(who, fresh) : receive(who, fresh);

    if (size < 0)
        return false;
    *begin = fresh - who->kept;
    *end = fresh + size;
    if (who->kept > 0)
        memcpy(*begin, kept[who->number], who->kept);
    return true;
}

bool wire_keep(struct participant *who, const char *rest, const char *end)
{
    size_t size = (size_t)(end - rest);
    bool fits = size <= LINE_MOST;

    if (!fits) {
        size = LINE_MOST / 2;
        rest = end - size;
    }
    if (size > 0)
        memcpy(kept[who->number], rest, size);
    who->kept = (uint16_t)size;
    return fits;
}

void wire_close(struct participant *who)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(who->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(who->fd);
}
