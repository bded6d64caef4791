/* method/scoring: quantiles, metadata there and back, what does not fit, the streams that leave. */
#include "method/scoring.h"
#include "tap.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf escape;
static char said[500];
static void hook(int status, const char *line)
{
    (void)status;
    snprintf(said, sizeof said, "%s", line);
    longjmp(escape, 1);
}

static void quantiles(void)
{
    struct normals *s = normals_new();
    for (int i = 10; i >= 0; i--)
        normals_add(s, i, (float[]){0, (float)i + 20}, 2);
    struct calibration c = normals_calibrate(s, 0.85);
    ok_close((double)c.threshold, 8.5, 1e-6, "threshold: linear between order statistics");
    ok_close((double)c.pixel_threshold, 28.5, 1e-6, "pixel threshold: of the maps' maxima");
    ok_close((double)c.low, 12.5, 1e-6, "the scale begins at the mean");
    ok_close((double)(c.low + c.high) / 2, 28.5, 1e-5, "and has the pixel threshold in its middle");
    s = normals_new();
    normals_add(s, 3, (float[]){1}, 1);
    ok(normals_calibrate(s, 0.995).threshold == 3, "one image");
}

static void match(struct note *model, const char *weights, const char *layers)
{
    struct note opening = {0}, record = {0};
    struct npys_reader *r = npys_reader_new(stdin, "test");
    said[0] = 0;
    if (weights)
        note_set(&opening, "weights", weights);
    if (layers)
        note_set(&record, "arrays", layers);
    err_hook = hook;
    if (setjmp(escape) == 0)
        model_match(model, "m", r, &opening, &record);
    err_hook = NULL;
    note_clear(&opening);
    note_clear(&record);
    npys_reader_free(r);
}

static void metadata(void)
{
    struct note opening = {0}, first = {0}, meta = {0};
    const struct calibration c = {1.1f, 2.2f, 0.3f, 4.1f};
    note_add(&opening, "weights", "fractal.safetensors:00112233");
    note_add(&opening, "by", "imgcat 0.1");
    note_add(&opening, "by", "featx 0.1");
    note_add(&first, "arrays", "layer2,layer3");
    model_describe(&meta, "padim", &opening, &first, "padim 0.1 -d 5", &c);
    ok(strcmp(note_get(&meta, "by"), "imgcat 0.1 | featx 0.1 | padim 0.1 -d 5") == 0, "by= is the pipe");
    const struct calibration back = model_calibration(&meta, "m", "padim");
    ok(memcmp(&back, &c, sizeof c) == 0, "the same bits come back");
    match(&meta, "renamed:00112233", "layer2,layer3");
    ok(!*said, "a file may be renamed");
    match(&meta, NULL, NULL);
    ok(!*said, "a foreign stream says nothing");
    match(&meta, "fractal.safetensors:00112234", "layer2,layer3");
    ok(strstr(said, "made with weights") != NULL, "other weights: %s", said);
    match(&meta, "fractal.safetensors:00112233", "layer1");
    ok(strstr(said, "features of layer1") != NULL, "other layers: %s", said);
    err_hook = hook;
    if (setjmp(escape) == 0)
        model_calibration(&meta, "m", "patchcore");
    ok(strstr(said, "a model of padim, not of patchcore") != NULL, "another method: %s", said);
    note_remove(&meta, "threshold");
    if (setjmp(escape) == 0)
        model_calibration(&meta, "m", "padim");
    ok(strstr(said, "no threshold=") != NULL, "no threshold: %s", said);
    err_hook = NULL;
    note_clear(&opening);
    note_clear(&first);
    note_clear(&meta);
}

static void sizes(void)
{
    struct npys_reader *r = npys_reader_new(stdin, "test");
    struct npys_record rec = {0};
    note_add(&rec.note, "input", "320x256");
    struct map_size s = map_size_of((struct map_size){0}, r, &rec);
    ok(s.width == 320 && s.height == 256, "input= is WxH");
    s = map_size_of(map_size_option("--size", "7x9"), r, &rec);
    ok(s.width == 7 && s.height == 9, "--size wins");
    s = map_size_option("--size", "224");
    ok(s.width == 224 && s.height == 224, "one number for both");
    note_set(&rec.note, "input", "99999999x2");
    err_hook = hook;
    if (setjmp(escape) == 0)
        map_size_of((struct map_size){0}, r, &rec);
    ok(strstr(said, "is not a size") != NULL, "absurd: %s", said);
    note_remove(&rec.note, "input");
    if (setjmp(escape) == 0)
        map_size_of((struct map_size){0}, r, &rec);
    ok(strstr(said, "give --size") != NULL, "missing: %s", said);
    err_hook = NULL;
    npys_record_free(&rec);
    npys_reader_free(r);
}

int main(void)
{
    quantiles();
    metadata();
    sizes();
    return done();
}
