/* A C program that embeds a host: serves the first library, mounts the second while it runs, reads the status, and
 * prints the errors of refused calls. The program is its own client. SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <roost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sends a request, and prints the body of the response. */
static void ask(int port, const char *path)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    char text[4096];
    size_t length = 0;
    ssize_t count;
    int client = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client, (struct sockaddr *)&address, sizeof address) != 0) exit(3);
    dprintf(client, "GET %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", path);
    while ((count = read(client, text + length, sizeof text - 1 - length)) > 0) length += (size_t)count;
    text[length] = 0;
    close(client);
    printf("%s: %s\n", path, strstr(text, "\r\n\r\n") ? strstr(text, "\r\n\r\n") + 4 : "nothing");
}

int main(int argc, char **argv)
{
    char settings[1024], entry[512], *status;
    roost_host *host;
    int port, count;
    if (argc != 4) return 2;
    if (roost_start("{prot: 1}")) return 3;
    printf("refused: %s\n", roost_error());
    if (roost_start("{port: 0,\n workers: 2}")) return 3;
    printf("refused: %s\n", roost_error());
    if (roost_start("{timeout-write: 0}")) return 3;
    printf("refused: %s\n", roost_error());
    if (roost_start("{port: 0, applications: [{module: ./none.so}]}")) return 3;
    printf("refused: %s\n", roost_error());
    snprintf(settings, sizeof settings, "{port: 0, run-dir: '%s', applications: [{module: '%s', mount: /one}]}", argv[1],
             argv[2]);
    host = roost_start(settings);
    if (!host) return fprintf(stderr, "%s\n", roost_error()), 1;
    port = roost_port(host);
    ask(port, "/one/x");
    ask(port, "/two/x");
    snprintf(entry, sizeof entry, "{module: '%s', mount: /two, name: second}", argv[3]);
    if (roost_mount(host, entry) != 0) return fprintf(stderr, "%s\n", roost_error()), 1;
    ask(port, "/two/x");
    if (roost_mount(host, entry) == 0) return 3;
    printf("refused: %s\n", roost_error());
    status = roost_status(host);
    printf("status: %s\n", strstr(status, "\"applications\""));
    roost_free(status);
    if (roost_unmount(host, "/one") != 0) return 1;
    ask(port, "/one/x");
    if (roost_unmount(host, "/one") == 0) return 3;
    printf("refused: %s\n", roost_error());
    /* An application with host names is unmounted by the mount that roost_status reports, twice in turn. */
    snprintf(entry, sizeof entry, "{module: '%s', mount: /three, hosts: [a.example.org, '*.example.net']}", argv[3]);
    for (count = 0; count < 2; count++) {
        if (roost_mount(host, entry) != 0) return fprintf(stderr, "%s\n", roost_error()), 1;
        if (roost_unmount(host, "/three") == 0) return 3;
        printf("refused: %s\n", roost_error());
        if (roost_unmount(host, "{a.example.org, *.example.net}/three") != 0)
            return fprintf(stderr, "%s\n", roost_error()), 1;
    }
    if (roost_unmount(host, "{a.example.org, *.example.net}/three") == 0) return 3;
    printf("refused: %s\n", roost_error());
    if (roost_stop(host) != 0) return 1;

    /* A second host, which logs requests to standard output. */
    fflush(stdout);
    host = roost_start("{port: 0, access-log: true, log-level: error}");
    if (!host) return fprintf(stderr, "%s\n", roost_error()), 1;
    ask(roost_port(host), "/none");
    fflush(stdout);
    return roost_stop(host) == 0 ? 0 : 1;
}
