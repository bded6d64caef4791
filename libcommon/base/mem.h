/* Memory that is checked before it is taken. What the x-functions return the caller frees with free(). */
#ifndef BASE_MEM_H
#define BASE_MEM_H
#include <stdbool.h>
#include <stddef.h>

/* Die when memory is out. Sizes are products: n elements of size bytes, checked for overflow. Never NULL,
 * also for 0. */
void *xmalloc(size_t n, size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
/* Aligned to 64 bytes, a cache line and an AVX-512 register; not cleared. */
void *xaligned(size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/* printf into new memory. */
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Grows an array for one more element: doubles *capacity when n has reached it; returns the array. */
void *xgrow(void *p, size_t n, size_t *capacity, size_t size);

/* a * b, a + b; false where it does not fit a size_t. */
bool mem_mul(size_t a, size_t b, size_t *out);
bool mem_add(size_t a, size_t b, size_t *out);

/* Bytes that this process could still take: the least of what the kernel calls available, what the control group leaves,
 * and what the user's limit (--mem) leaves above what is resident. SIZE_MAX where nothing is known. */
size_t mem_available(void);
/* Sets the user's limit in bytes; 0: none. */
void mem_limit(size_t bytes);
/* Whether a user's limit is there and more than five eighths of it are resident. */
bool mem_tight(void);
/* Dies with "WHAT needs X, Y available" when bytes are not there. Call it before every allocation that grows
 * with the input. */
void mem_need(size_t bytes, const char *what);
/* Peak resident set of this process in bytes. */
size_t mem_peak(void);
#endif
