/*
 * hold: takes the lock of a store, as a process does that never gives it back.
 *
 *     hold LOCKFILE SECONDS
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int main(int count, char **words)
{
    int fd;
    if (count != 3 || (fd = open(words[1], O_RDWR)) < 0 || flock(fd, LOCK_EX) != 0) {
        perror("hold");
        return 1;
    }
    puts("HELD");
    fflush(stdout);
    sleep((unsigned)atoi(words[2]));
    return 0;
}
