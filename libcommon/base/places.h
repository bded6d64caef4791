/* Places below a folder for files called after what they were made from, none of them taken twice: pictures
 * after the images of a stream, which is not known ahead. */
#ifndef BASE_PLACES_H
#define BASE_PLACES_H
#include "base/err.h"

struct places;
/* ending: of the files, without the point. Both must stay. */
struct places *places_new(const char *folder, const char *ending);
/* The next file's path, FOLDER/NAME.ENDING; free() it. An ending of NAME that says an image (".jpg") goes, and
 * so does what leads out of the folder: a leading '/', and all up to the last ".." (as tar does). Where that
 * path has been given before, to a.jpg and now comes a.png, the name stays whole (a.png.ENDING), and where that
 * has been as well it gets a number (a.png.2.ENDING). So the first of them has the plain name, and the same
 * names in the same order the same paths. NULL with a reason for a name of no file, such as "x/". */
char *places_take(struct places *p, const char *name, struct err *e);
void places_free(struct places *p);
#endif
