/* Files of the program's own, in $TMPDIR (or /tmp): unlinked at once, so that no end of the program leaves one behind. */
#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

/* An open, empty one, for reading and writing; the caller closes it. what: what it is for, in the message when there can't be one. */
int temporary_file(const char *what);
/* Where they are. */
const char *temporary_folder(void);
#endif
