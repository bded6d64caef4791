#include "base/signals.h"
#include <pthread.h>
#include <stddef.h>

void signals_hold(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGPIPE); /* from a write of the thread itself, which would go on if it were held */
    pthread_sigmask(SIG_BLOCK, &all, before);
}

void signals_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
