#include "method/features.h"
#include "base/file.h"
#include <string.h>

struct features features_of(char *const *file, size_t files)
{
    return (struct features){.file = file, .files = files};
}

static void close_stream(struct features *in)
{
    npys_reader_free(in->reader);
    if (in->f)
        file_close(in->f);
    if (in->images)
        file_close(in->images);
    in->reader = NULL;
    in->f = in->images = NULL;
}

bool features_stream(struct features *in)
{
    close_stream(in);
    if (in->next >= (in->files ? in->files : 1))
        return false;
    const char *name = in->files ? in->file[in->next] : NULL;
    in->next++;
    in->f = file_open(name);
    if (in->network) {
        in->images = in->f;
        in->f = image_features_open(in->images, file_label(name), in->network);
    }
    in->reader = npys_reader_new(in->f, file_label(name));
    in->opening = npys_opening(in->reader);
    const char *stream = note_get(in->opening, "stream");
    if (stream && strcmp(stream, "features") != 0)
        npys_reader_die(in->reader, "a stream of %s, not of features", stream);
    return true;
}

bool features_record(struct features *in)
{
    return npys_read(in->reader, &in->record);
}

void features_free(struct features *in)
{
    close_stream(in);
    npys_record_free(&in->record);
    taps_free(&in->taps);
}
