/* What a set of surface images is made of. */
#ifndef SURFACE_SET_H
#define SURFACE_SET_H
#include "fractal/press.h"
#include "surface/scene.h"
#include "surface/texture.h"

enum { SCENE_LIST = 16, SURFACE_LABELS_MAX = 255 };

/* Kinds of scene, each as often as it is listed. */
struct scene_list {
    size_t n;
    unsigned char scene[SCENE_LIST];
};

struct surface_set {
    size_t side, classes, per_class;
    uint64_t seed;
    struct program_list programs;
    struct scene_list scenes;
    bool light, camera;
    bool labels; /* a fourth channel: the class of each pixel, plus 1 */
    bool print;
    struct press_options press;
};
#endif
