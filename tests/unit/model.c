/* method/model, method/calibration, method/anomaly_map: quantiles, metadata there and back, what does not fit, sizes, maps. */
#include "method/model.h"
#include "method/anomaly_map.h"
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
    ok(c.scores.images == 11 && c.scores.n == 11 && c.scores.value[0] == 0 && c.scores.value[10] == 10,
       "the scores are kept, ascending");
    ok_close((double)c.threshold, 8.5, 1e-6, "threshold: linear between order statistics");
    ok_close((double)c.pixel_threshold, 28.5, 1e-6, "pixel threshold: of the maps' maxima");
    ok_close((double)c.low, 12.5, 1e-6, "the scale begins at the mean");
    ok_close((double)(c.low + c.high) / 2, 28.5, 1e-5, "and has the pixel threshold in its middle");
    s = normals_new();
    normals_add(s, 3, (float[]){1}, 1);
    ok(normals_calibrate(s, 0.995).threshold == 3, "one image");
    s = normals_new();
    normals_add(s, 3, NULL, 0);
    c = normals_calibrate(s, 0.995);
    ok(c.threshold == 3 && !c.maps, "a method without maps");
    static struct normals *broken; /* there is no end to one that is not calibrated */
    broken = normals_new();
    err_hook = hook;
    if (setjmp(escape) == 0)
        normals_add(broken, 1, (float[]){1, NAN}, 2);
    ok(strstr(said, "not finite") != NULL, "NaN in a map: %s", said);
    err_hook = NULL;
}

/* n images: score first + i, their maps' maxima ten more, their means half of these. */
static struct normals *normals_from(double first, size_t n, double times)
{
    struct normals *s = normals_new();
    for (size_t i = 0; i < n; i++) {
        const double score = times * (first + (double)i);
        normals_add(s, score, (float[]){0, (float)(score + 10 * times)}, 2);
    }
    return s;
}

/* What a model keeps, and what another makes of it that found its own images nearer by half. */
static void going_on(void)
{
    struct note meta = {0};
    static struct normals *now; /* the last one stays: there is no end to it */
    struct normals *old = normals_from(100, 11, 1), *unseen = normals_from(40, 3, 1);
    normals_keep(old, &meta);
    ok(strncmp(note_get(&meta, "left_out_scores"), "11:100,101,102", 14) == 0 &&
           strncmp(note_get(&meta, "left_out_peaks"), "11:110,111,112", 14) == 0,
       "scores are kept: %s", note_get(&meta, "left_out_scores"));
    const struct calibration of_old = normals_calibrate(old, 1);
    now = normals_from(40, 3, .5);
    normals_recall(now, &meta, "m", &of_old, unseen);
    struct calibration c = normals_calibrate(now, 1);
    ok_close((double)c.threshold, 55, 1e-5, "and come down with the new images' median, to a half");
    ok_close((double)c.pixel_threshold, 60, 1e-5, "so do the peaks");
    ok_close((double)c.low, (11 * 57.5 / 2 + 3 * 25.5 / 2) / 14, 1e-5, "and the mean of the maps");
    now = normals_from(40, 3, 2);
    normals_recall(now, &meta, "m", &of_old, unseen);
    c = normals_calibrate(now, 1);
    ok_close((double)c.threshold, 110, 1e-5, "they never go up: 110 of the old, 84 of the new");
    ok(c.pixel_threshold == 120, "nor do the peaks");
    note_set(&meta, "left_out_peaks", "3:1,2,3");
    now = normals_from(40, 3, 1);
    err_hook = hook;
    said[0] = 0;
    if (setjmp(escape) == 0)
        normals_recall(now, &meta, "m", &of_old, unseen);
    ok(strstr(said, "m: left_out_peaks= is of other images") != NULL, "%s", said);
    err_hook = NULL;
    normals_free(unseen);
    note_clear(&meta);
}

/* Of very many images a part is kept; between these the scores are linear. */
static void many_scores(void)
{
    struct note meta = {0};
    struct normals *old = normals_from(1, 3 * NORMALS_KEPT, 1), *now = normals_from(7, 1, 1),
                   *unseen = normals_from(7, 1, 1);
    normals_keep(old, &meta);
    const char *text = note_get(&meta, "left_out_scores");
    size_t commas = 0;
    for (const char *p = text; *p; p++)
        commas += *p == ',';
    const struct calibration of_old = normals_calibrate(old, .3);
    normals_recall(now, &meta, "m", &of_old, unseen);
    const struct calibration c = normals_calibrate(now, .3);
    ok(strncmp(text, "12288:1,", 8) == 0 && commas == NORMALS_KEPT - 1,
       "of 12,288 images 4,096 scores are kept");
    ok(fabs((double)(c.threshold - of_old.threshold)) < 2, "their quantiles stay: %g, %g",
       (double)c.threshold, (double)of_old.threshold);
    normals_free(unseen);
    note_clear(&meta);
}

static struct identity of_model(const struct note *known, bool force)
{
    struct identity id = {.where = "m was fitted on", .force = force};
    note_copy(&id.known, known);
    return id;
}

/* What is said of features with one key changed. */
static const char *match(const struct note *known, const char *key, const char *value, bool force)
{
    struct note opening = {0}, record = {0};
    struct npys_reader *r = npys_reader_new(stdin, "test");
    struct identity id = of_model(known, force);
    said[0] = 0;
    if (key && (strcmp(key, "arrays") == 0 || strcmp(key, "input") == 0))
        note_set(&record, key, value);
    else if (key)
        note_set(&opening, key, value);
    err_hook = hook;
    if (setjmp(escape) == 0)
        identity_check(&id, r, &opening, &record);
    err_hook = NULL;
    note_clear(&opening);
    note_clear(&record);
    identity_free(&id);
    npys_reader_free(r);
    return said;
}

static void identities(void)
{
    struct note known = {0};
    note_add(&known, "weights", "fractal.safetensors:00112233");
    note_add(&known, "layers", "layer2,layer3");
    note_add(&known, "precision", "f32");
    note_add(&known, "norm", "0,0,0/1,1,1");
    note_add(&known, "input", "32x32");
    ok(!*match(&known, "weights", "renamed:00112233", false), "a file may be renamed");
    ok(!*match(&known, NULL, NULL, false), "a foreign stream says nothing");
    ok(strstr(match(&known, "weights", "fractal.safetensors:00112234", false), "weights=") != NULL, "%s",
       said);
    ok(strstr(match(&known, "arrays", "layer1", false),
              "features of layers=layer1, but m was fitted on layers=layer2,layer3") != NULL,
       "%s", said);
    ok(strstr(match(&known, "precision", "bf16", false), "featx --precision f32, or give --force") != NULL,
       "%s", said);
    ok(strstr(match(&known, "norm", "0,0,0/2,2,2", false), "featx --norm") != NULL, "%s", said);
    ok(strstr(match(&known, "input", "64x64", false),
              "features of input=64x64, but m was fitted on input=32x32: make them with imgcat -r 32") !=
           NULL,
       "%s", said);
    err_verbosity = -1;
    ok(!*match(&known, "input", "64x64", true), "--force");
    note_clear(&known);
}

/* Forced once, a stream goes on, and one that is known later is held to it. */
static void later(void)
{
    struct npys_reader *r = npys_reader_new(stdin, "test");
    struct identity id = {.where = "those before have"};
    struct note silent = {0}, f32 = {0}, bf16 = {0};
    note_add(&f32, "precision", "f32");
    note_add(&bf16, "precision", "bf16");
    identity_check(&id, r, &silent, NULL);
    identity_check(&id, r, &f32, NULL);
    identity_check(&id, r, &silent, NULL);
    err_hook = hook;
    said[0] = 0;
    if (setjmp(escape) == 0)
        identity_check(&id, r, &bf16, NULL);
    err_hook = NULL;
    ok(strstr(said, "precision=bf16, but those before have precision=f32") != NULL,
       "what the second stream says binds the third: %s", said);
    identity_free(&id);
    note_clear(&f32);
    note_clear(&bf16);
    npys_reader_free(r);
}

static void metadata(void)
{
    struct note opening = {0}, meta = {0};
    const struct calibration c = {1.1f, true, 2.2f, 0.3f, 4.1f, {3, 3, {0.1f, 0.7f, 1.2f}}},
                             mapless = {.threshold = 1.1f};
    note_add(&opening, "by", "imgcat 0.1");
    note_add(&opening, "by", "featx 0.1");
    model_describe(&meta, "padim", &opening, "padim 0.1 -d 5", &c);
    ok(strcmp(note_get(&meta, "by"), "imgcat 0.1 | featx 0.1 | padim 0.1 -d 5") == 0, "by= is the pipe");
    struct calibration back = model_calibration(&meta, "m", "padim", true);
    ok(back.threshold == c.threshold && back.pixel_threshold == c.pixel_threshold && back.low == c.low &&
           back.high == c.high && back.maps && back.scores.images == 3 && back.scores.value[1] == 0.7f,
       "the same bits come back");
    err_hook = hook;
    if (setjmp(escape) == 0)
        model_calibration(&meta, "m", "patchcore", true);
    ok(strstr(said, "a model of padim, not of patchcore") != NULL, "another method: %s", said);
    note_set(&meta, "scores", "3:1,2");
    if (setjmp(escape) == 0)
        model_calibration(&meta, "m", "padim", true);
    ok(strstr(said, "m: scores= has no 3 ascending numbers") != NULL, "scores that are none: %s", said);
    note_remove(&meta, "scores");
    ok(model_calibration(&meta, "m", "padim", true).scores.images == 0, "a model of before has none");
    note_set(&meta, "scale", "1;2");
    if (setjmp(escape) == 0)
        model_calibration(&meta, "m", "padim", true);
    ok(strstr(said, "m: scale=1;2 is not LO,HI") != NULL, "a scale that is none: %s", said);
    note_remove(&meta, "threshold");
    if (setjmp(escape) == 0)
        model_calibration(&meta, "m", "padim", true);
    ok(strstr(said, "no threshold=") != NULL, "no threshold: %s", said);
    err_hook = NULL;
    note_clear(&meta);
    model_describe(&meta, "knn", &opening, "knn 0.1", &mapless);
    ok(!note_get(&meta, "scale") && !note_get(&meta, "pixel_threshold"), "no maps, no scale");
    back = model_calibration(&meta, "m", "knn", false);
    ok(back.threshold == mapless.threshold && !back.maps, "nor is one looked for");
    note_clear(&opening);
    note_clear(&meta);
}

static void sizes(void)
{
    struct npys_reader *r = npys_reader_new(stdin, "test");
    struct npys_record rec = {0};
    note_add(&rec.note, "input", "320x256");
    struct map_size s = map_size_of((struct map_size){0}, r, &rec);
    ok(s.width == 320 && s.height == 256, "input= is WxH");
    s = map_size_of((struct map_size){7, 9}, r, &rec);
    ok(s.width == 7 && s.height == 9, "--size wins");
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

/* One distance of four is NaN; no blur. */
static void maps(void)
{
    struct map_rules plain = {MAP_NEAREST, {.score = {.form = SCORE_MAP_MAX}}};
    float map[16];
    const float distance[] = {1, 4, 2, 3}, broken[] = {1, NAN, 2, 3};
    const double most =
        anomaly_map(map, (struct map_size){4, 4}, distance, (struct map_size){2, 2}, &plain, 9);
    ok(most >= 4 && most <= 4 && map[3] == 4 && map[12] == 2 && map[15] == 3,
       "enlarged, not blurred; its maximum");
    ok(isnan(anomaly_map(map, (struct map_size){4, 4}, broken, (struct map_size){2, 2}, &plain, 9)),
       "NaN stays");
}

/* One form after the other, of a map of 2 x 2 that is enlarged to 4 x 4: 1 1 4 4 / 1 1 4 4 / 2 2 3 3 / 2 2 3 3. */
static void forms(void)
{
    struct map_rules r = {MAP_NEAREST, {.score = {.form = SCORE_PATCH}}};
    const struct map_size small = {2, 2}, size = {4, 4};
    const float distance[] = {1, 4, 2, 3};
    float map[16];
    struct err e;
    ok_close(anomaly_map(map, size, distance, small, &r, 9), 4, 0, "patch: the largest distance");
    r.map.sigma = 2;
    ok_close(anomaly_map(map, size, distance, small, &r, 9), 4, 0, "before the blur");
    r.map = (struct map_options){.score = {.form = SCORE_REWEIGHTED}};
    ok_close(anomaly_map(map, size, distance, small, &r, 9), 9, 0, "reweighted: the method's own");
    r.map.score.form = SCORE_IMAGE;
    ok_close(anomaly_map(map, size, distance, small, &r, 9), 9, 0, "image: the method's own");
    ok(image_score_patches.read(&r.map.score, "top:.375", &e), "top: is read");
    ok_close(anomaly_map(map, size, distance, small, &r, 9), 22.0 / 6, 1e-12,
             "top: 6 of 16, four of them 4, two 3");
}

/* Against what is summed by hand. */
static void largest(void)
{
    const float value[] = {3, -1, 0, -0.0f, 3, 1e-30f, -7, 3, 2, -1};
    ok_close(mean_of_largest(value, 10, 0.3), 3, 0, "the three of ten that are equal");
    ok_close(mean_of_largest(value, 10, 0.4), 11.0 / 4, 1e-12, "four");
    ok_close(mean_of_largest(value, 10, 0.46), 2.2, 1e-12, "to the nearest whole number");
    ok_close(mean_of_largest(value, 10, 1e-9), 3, 0, "one at the least");
    ok_close(mean_of_largest(value, 10, 0.9), 9.0 / 9, 1e-12, "negative ones, too");
    ok_close(mean_of_largest(value, 10, 1), 0.2, 1e-12, "all: the mean");
    float many[1000];
    for (size_t i = 0; i < 1000; i++)
        many[i] = (float)(i * 7919 % 1000) / 999;
    ok_close(mean_of_largest(many, 1000, 0.25), (750 + 999) / 2.0 / 999, 1e-6, "250 of a thousand");
}

int main(void)
{
    err_init("test");
    quantiles();
    going_on();
    many_scores();
    identities();
    later();
    metadata();
    maps();
    forms();
    largest();
    sizes();
    return done();
}
