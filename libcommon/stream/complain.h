/* How the readers of streams die: "LABEL: record N (NAME): reason". */
#ifndef STREAM_COMPLAIN_H
#define STREAM_COMPLAIN_H
#include <stddef.h>

/* number: of the record that is meant, from 1; 0: the whole stream is. name: of the record, or "". */
_Noreturn void complain(const char *label, size_t number, const char *name, const char *reason);
#endif
