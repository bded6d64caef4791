#include "base/signals.h"
#include <pthread.h>
#include <stddef.h>

void signals_hold(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, before);
}

void signals_hold_for_threads(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    /* These come from a write of the thread itself, which would go on if they were held. */
    sigdelset(&all, SIGPIPE);
    sigdelset(&all, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &all, before);
}

void signals_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
