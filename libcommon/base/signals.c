#include "base/signals.h"
#include <pthread.h>
#include <stddef.h>

void signals_hold(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    sigdelset(
        &all,
        SIGPIPE); /* comes to the thread that writes, from its own write; held, the writer would go on */
    pthread_sigmask(SIG_BLOCK, &all, before);
}

void signals_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
