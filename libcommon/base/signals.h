/* Signals kept from coming at a bad moment: between the making of a temporary file and the note of its name, and in
 * threads, so that the main thread alone gets them. */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H
#include <signal.h>

/* Holds back every signal that can be from the calling thread: for a stretch that writes nothing. */
void signals_hold(sigset_t *before);
/* The same for threads that are started meanwhile; but not those that the thread raises itself, by a write that would go
 * on (SIGPIPE, SIGXFSZ) or by an instruction, whose handler would be passed over (SIGILL, SIGFPE, SIGBUS, SIGSEGV). */
void signals_hold_for_threads(sigset_t *before);
/* As they were; what came meanwhile is delivered now. */
void signals_release(const sigset_t *before);
#endif
