/* The views of a set, rendered: in a file (planes_open) or anew each time (planes_none). The same bytes in both cases.
 *
 * The file: a head of 64 bytes (magic, then 64-bit little-endian numbers: set, side, systems, views, hash of the forms; zeros), a
 * power and a rule of 32 bits for each system, then for each system's views their planes (view.h) and the XXH64 of them. While it
 * is made it is called FILE.part; views whose hash is right are not rendered again. */
#ifndef BULB_PLANES_H
#define BULB_PLANES_H
#include "bulb/set.h"
#include "bulb/view.h"

struct planes;
/* Takes the forms from the file, or finds them; renders what is missing, with progress; set->form is the set's from then on. Dies
 * when the file holds another set, or is damaged. */
struct planes *planes_open(struct bulb_set *set);
void planes_close(struct planes *p);

/* View v of a system into planes; w: the thread's own. Several threads at once. Dies with "FILE: view ..." when it's damaged. */
void planes_view(uint8_t *planes, const struct planes *p, size_t system, size_t view, struct bulb_work *w);
/* The camera of that view. */
struct bulb_camera planes_camera(const struct bulb_set *set, size_t system, size_t view);
/* What the file's bytes depend on, as a number. */
uint64_t planes_identity(const struct bulb_set *set);
/* set->form by --codes or the scan. */
void planes_find_forms(struct bulb_set *set);
#endif
