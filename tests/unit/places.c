/* base/places: files below a folder, none of them twice. */
#include "base/mem.h"
#include "base/places.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* The names, one after the other, get these paths; NULL: refused. */
static bool gives(const char *const pair[][2], size_t n)
{
    struct places *p = places_new("d", "png");
    bool fine = true;
    for (size_t i = 0; i < n; i++) {
        struct err e;
        char *path = places_take(p, pair[i][0], &e);
        bool same = path && pair[i][1] ? strcmp(path, pair[i][1]) == 0 : !path && !pair[i][1];
        if (!same)
            printf("# %s: %s\n", pair[i][0], path ? path : e.text);
        fine &= same;
        free(path);
    }
    places_free(p);
    return fine;
}
#define GIVES(pairs) gives(pairs, sizeof(pairs) / sizeof *(pairs))

static void many(void)
{
    struct places *p = places_new("d", "png");
    struct err e;
    char name[32], want[40];
    bool fine = true;
    for (size_t i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%zu", i);
        snprintf(want, sizeof want, "d/%zu.png", i);
        char *path = places_take(p, name, &e);
        fine &= strcmp(path, want) == 0;
        free(path);
    }
    char *again = places_take(p, "77", &e);
    ok(fine && strcmp(again, "d/77.png.2.png") != 0 && strcmp(again, "d/77.png") != 0,
       "many are remembered: %s", again);
    free(again);
    places_free(p);
}

int main(void)
{
    static const char *const plain[][2] = {{"test/hole/003.JPG", "d/test/hole/003.png"},
                                           {"a..b/v1.5", "d/a..b/v1.5.png"},
                                           {"x/.png", "d/x/.png.png"},
                                           {"...", "d/....png"}};
    static const char *const outside[][2] = {
        {"/data/x.png", "d/data/x.png"}, {"../y.png", "d/y.png"}, {"../../a/../z", "d/z.png"},
        {"a/../../w.png", "d/w.png"},    {"//v", "d/v.png"},      {"./u", "d/u.png"},
        {"..//../t", "d/t.png"},         {"/./../s", "d/s.png"}};
    static const char *const none[][2] = {{"", NULL},  {"x/", NULL}, {"..", NULL}, {"a/..", NULL},
                                          {"/", NULL}, {".", NULL},  {"../", NULL}};
    static const char *const clash[][2] = {{"a.jpg", "d/a.png"},          {"a.png", "d/a.png.png"},
                                           {"a.png", "d/a.png.2.png"},    {"a.png", "d/a.png.3.png"},
                                           {"a.jpg", "d/a.jpg.png"},      {"a.png.png", "d/a.png.png.png"},
                                           {"../a.jpg", "d/a.jpg.2.png"}, {"a", "d/a.2.png"},
                                           {"b.2", "d/b.2.png"},          {"b", "d/b.png"},
                                           {"b.png", "d/b.png.png"},      {"b.bmp", "d/b.bmp.png"}};
    ok(GIVES(plain), "an image's ending is replaced, others stay");
    ok(GIVES(outside), "what leads out of the folder goes");
    ok(GIVES(none), "names of no file are refused");
    ok(GIVES(clash), "no path twice: the name whole, then numbers");
    many();
    return done();
}
