/* HTML of one page in two languages.
 *
 * A text is said in both, one after the other, each in an element with its lang=; the page's style shows the one that its
 * reader has chosen, so that switching needs no reload and the page no second file. What comes from outside (names of files,
 * labels, notes) goes through html_text or as an argument of html_say, which escape it; html_put writes markup and takes
 * numbers and words of the program only.
 *
 * Nothing here owns memory; write errors are found when the file is committed (base/product.h). */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H
#include <stddef.h>
#include <stdio.h>

/* Markup as it is, by printf. */
void html_put(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A text in no language, with & < > " ' escaped, and control characters, which HTML has no place for, as spaces. Good in
 * elements and in attributes between quotes. */
void html_text(FILE *f, const char *text);
/* A text in English and in Japanese. {1} to {9} stand for the arguments, const char * each: as many as the English text
 * names, in any order and number in both. The texts are markup (so they may hold <b>); the arguments are escaped. */
void html_say(FILE *f, const char *english, const char *japanese, ...);
/* The same as an element: <tag class="kind">...</tag>; kind may be NULL. Without arguments. */
void html_block(FILE *f, const char *tag, const char *kind, const char *english, const char *japanese);

/* src="data:TYPE;base64,..." */
void html_source(FILE *f, const char *type, const unsigned char *data, size_t n);
#endif
