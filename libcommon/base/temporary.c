#include "base/temporary.h"
#include "base/err.h"
#include "base/signals.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *temporary_folder(void)
{
    const char *named = getenv("TMPDIR");
    return named && *named ? named : "/tmp";
}

int temporary_file(const char *what)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/fern.XXXXXX", temporary_folder()) >= (int)sizeof path)
        die("%s: name too long", temporary_folder());
    sigset_t before;
    signals_hold(&before);
    const int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    signals_release(&before);
    if (fd < 0)
        die("a temporary file of %s in %s:", what, temporary_folder());
    return fd;
}
