/* What a set of Mandelbulb images is made of: the options of bulbgen, its forms and where its views come from. */
#ifndef BULB_SET_H
#define BULB_SET_H
#include "base/setting.h"
#include "bulb/form.h"
#include "fractal/press.h"

enum bulb_mode { BULB_SINGLE, BULB_MULTI };
enum bulb_light { BULB_FIXED, BULB_RANDOM };
/* Those of fractal/background.h, moved by one. */
enum bulb_ground { BULB_WHITE, BULB_BLACK };

struct bulb_set {
    size_t mode, light, ground; /* enums, as settings keep them */
    uint64_t seed;
    size_t side, classes, per_class;
    size_t systems; /* forms, dealt to the classes in equal blocks; 0: one a class */
    size_t views, render;
    size_t powers[2];
    double coverage[2]; /* mean part of a view that accepted forms fill */
    size_t objects[2];
    double sizes[2]; /* of an object, in sides */
    const char *codes, *planes;
    bool print;
    struct press_options press;
    struct bulb_form *form; /* of each system */
};
#endif
