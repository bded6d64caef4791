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
    /* Raised by what the thread itself does, as signals.h says. */
    static const int own[] = {SIGPIPE, SIGXFSZ, SIGILL, SIGFPE, SIGBUS, SIGSEGV};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&all, own[i]);
    pthread_sigmask(SIG_BLOCK, &all, before);
}

void signals_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
