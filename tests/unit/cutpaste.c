/* oneclass/: what CutPaste pastes, and its steps against torch's (tests/oracle/cutpaste.py). */
#include "oneclass/cutpaste.h"
#include "../oracle/cutpaste.h"
#include "base/thread.h"
#include "formula.h"
#include "nn/networks.h"
#include "oneclass/cutpaste_head.h"
#include "tap.h"

enum { DRAWS = 4000, WIDTH = 120, HEIGHT = 80, BINS = 10 };

static bool inside(const struct window *w, size_t width, size_t height)
{
    return w->width >= 1 && w->height >= 1 && w->x + w->width <= width && w->y + w->height <= height;
}

/* Chi squared of counts that should be equal: its mean is n - 1, its variance 2 (n - 1). */
static bool even(const size_t *count, size_t n, const char *what)
{
    double total = 0, chi = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)count[i];
    const double want = total / (double)n, freedom = (double)n - 1;
    for (size_t i = 0; i < n; i++)
        chi += ((double)count[i] - want) * ((double)count[i] - want) / want;
    return ok(total > 100 && chi < freedom + 4 * sqrt(2 * freedom), "%s: chi squared %.1f of %.0f", what, chi,
              freedom);
}

static size_t bin(double x, double lo, double hi)
{
    const double b = (x - lo) / (hi - lo) * BINS;
    return b <= 0 ? 0 : b >= BINS ? BINS - 1 : (size_t)b;
}

/* Of an image so large that whole pixels hardly matter. */
static void patches(void)
{
    enum { LARGE = 4000 };
    size_t area[BINS] = {0}, narrow[BINS] = {0}, wide[BINS] = {0}, sides[2] = {0}, x[BINS] = {0},
           y[BINS] = {0};
    bool within = true, moved = true, ranges = true;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct cutpaste_piece p;
        cutpaste_draw(&p, CUTPASTE_PATCH, LARGE, LARGE, 7, i / 100, i % 100);
        const double w = (double)p.from.width, h = (double)p.from.height, share = w * h / LARGE / LARGE;
        within &= inside(&p.from, LARGE, LARGE) && inside(&p.to, LARGE, LARGE);
        moved &= p.from.x != p.to.x || p.from.y != p.to.y;
        ranges &= share > 0.0199 && share < 0.1501 && w / h > 0.299 && w / h < 3.31 && p.degrees == 0 &&
                  p.to.width == p.from.width && p.to.height == p.from.height;
        area[bin(share, 0.02, 0.15)]++;
        sides[w > h]++;
        if (w > h)
            wide[bin(w / h, 1, 3.3)]++;
        else
            narrow[bin(w / h, 0.3, 1)]++;
        x[bin((double)p.to.x, 0, (double)(LARGE - p.to.width + 1))]++;
        y[bin((double)p.from.y, 0, (double)(LARGE - p.from.height + 1))]++;
    }
    ok(within, "patches: from and to within the image");
    ok(moved, "patches: never where they came from");
    ok(ranges, "patches: .02 to .15 of the area, .3 to 3.3 wide a height");
    even(area, BINS, "patches: areas");
    even(sides, 2, "patches: wide as often as high");
    even(narrow, BINS, "patches: aspects below 1");
    even(wide, BINS, "patches: aspects above 1");
    even(x, BINS, "patches: columns that they go to");
    even(y, BINS, "patches: rows that they come from");
}

static void scars(void)
{
    size_t width[15] = {0}, length[16] = {0}, angle[BINS] = {0};
    bool within = true, ranges = true, boxes = true;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct cutpaste_piece p;
        cutpaste_draw(&p, CUTPASTE_SCAR, WIDTH, HEIGHT, 7, i / 100, i % 100);
        const double turn = p.degrees * 3.14159265358979323846 / 180, w = (double)p.from.width,
                     h = (double)p.from.height;
        within &= inside(&p.from, WIDTH, HEIGHT) && inside(&p.to, WIDTH, HEIGHT);
        if (p.from.width < 2 || p.from.width > 16 || p.from.height < 10 || p.from.height > 25 ||
            fabs(p.degrees) > 45) {
            ranges = false;
            continue;
        }
        boxes &= fabs((double)p.to.width - (w * cos(turn) + h * fabs(sin(turn)))) <= 1 &&
                 fabs((double)p.to.height - (h * cos(turn) + w * fabs(sin(turn)))) <= 1;
        width[p.from.width - 2]++;
        length[p.from.height - 10]++;
        angle[bin(p.degrees, -45, 45)]++;
    }
    ok(within, "scars: from and to within the image");
    ok(ranges, "scars: 2 to 16 wide, 10 to 25 long, turned by 45 degrees at most");
    ok(boxes, "scars: the box around them is theirs");
    even(width, 15, "scars: widths");
    even(length, 16, "scars: lengths");
    even(angle, BINS, "scars: angles");
}

static struct raster picture(size_t width, size_t height)
{
    struct raster r = raster_new(width, height, 3, 255);
    for (size_t i = 0; i < raster_bytes(&r); i++)
        ((uint8_t *)r.samples)[i] = (uint8_t)(formula(99, i) * 256);
    return r;
}

static struct raster pasted(const struct raster *in, enum cutpaste_kind kind, uint64_t seed, uint64_t epoch,
                            uint64_t index)
{
    struct raster r = raster_new(in->width, in->height, 3, 255);
    memcpy(r.samples, in->samples, raster_bytes(in));
    cutpaste(&r, kind, seed, epoch, index);
    return r;
}

static bool same(const struct raster *a, const struct raster *b)
{
    return memcmp(a->samples, b->samples, raster_bytes(a)) == 0;
}

static bool covers(const struct window *w, size_t x, size_t y)
{
    return x >= w->x && x < w->x + w->width && y >= w->y && y < w->y + w->height;
}

/* Pixels that changed, and of these those outside of a window. */
static size_t changed(const struct raster *a, const struct raster *b, const struct window *w, size_t *outside)
{
    size_t n = 0;
    for (size_t y = 0; y < a->height; y++)
        for (size_t x = 0; x < a->width; x++) {
            const size_t at = 3 * (y * a->width + x);
            if (memcmp((uint8_t *)a->samples + at, (uint8_t *)b->samples + at, 3) == 0)
                continue;
            n++;
            *outside += !covers(w, x, y);
        }
    return n;
}

/* How far a patch's samples are from those that it was cut from, on average. */
static double difference(const struct raster *in, const struct raster *out, const struct cutpaste_piece *p)
{
    double sum = 0;
    for (size_t y = 0; y < p->to.height; y++)
        for (size_t i = 0; i < 3 * p->to.width; i++)
            sum += fabs((double)((uint8_t *)in->samples)[3 * ((p->from.y + y) * in->width + p->from.x) + i] -
                        (double)((uint8_t *)out->samples)[3 * ((p->to.y + y) * in->width + p->to.x) + i]);
    return sum / (double)(3 * p->to.width * p->to.height);
}

static void pixels(void)
{
    struct raster in = picture(WIDTH, HEIGHT);
    size_t outside = 0, unlike = 0, coloured = 0;
    double least = 1, most = 0;
    for (uint64_t i = 0; i < 200; i++) {
        struct cutpaste_piece p;
        struct raster patch = pasted(&in, CUTPASTE_PATCH, 3, 1, i),
                      scar = pasted(&in, CUTPASTE_SCAR, 3, 1, i);
        cutpaste_draw(&p, CUTPASTE_PATCH, WIDTH, HEIGHT, 3, 1, i);
        changed(&in, &patch, &p.to, &outside);
        const double off = difference(&in, &patch, &p);
        unlike += off > 40; /* of noise pasted on noise it would be 85 */
        coloured += off > 0;
        cutpaste_draw(&p, CUTPASTE_SCAR, WIDTH, HEIGHT, 3, 1, i);
        const double share =
            (double)changed(&in, &scar, &p.to, &outside) / (double)(p.from.width * p.from.height);
        least = fmin(least, share);
        most = worse(most, share);
        raster_free(&patch);
        raster_free(&scar);
    }
    ok(outside == 0, "what is outside of patch and scar keeps its bytes");
    ok(unlike == 0, "a patch is what it was cut from, but for its colours");
    ok(coloured > 190, "which are altered");
    ok(least > 0.8 && most < 1.2, "a scar is pasted through its mask: %.2f to %.2f of its own area", least,
       most);
    raster_free(&in);
}

static void functions(void)
{
    struct raster in = picture(WIDTH, HEIGHT), whole = pasted(&in, CUTPASTE_NORMAL, 1, 2, 3);
    ok(same(&in, &whole), "a normal image stays");
    raster_free(&whole);
    for (enum cutpaste_kind k = CUTPASTE_PATCH; k < CUTPASTE_KINDS; k++) {
        struct raster a = pasted(&in, k, 1, 2, 3), b = pasted(&in, k, 1, 2, 3),
                      seed = pasted(&in, k, 2, 2, 3), epoch = pasted(&in, k, 1, 3, 3),
                      index = pasted(&in, k, 1, 2, 4);
        ok(same(&a, &b) && !same(&a, &in), "kind %d: the same twice", (int)k);
        ok(!same(&a, &seed) && !same(&a, &epoch) && !same(&a, &index),
           "kind %d: seed, epoch and index matter", (int)k);
        raster_free(&a);
        raster_free(&b);
        raster_free(&seed);
        raster_free(&epoch);
        raster_free(&index);
    }
    raster_free(&in);
    for (size_t side = 1; side <= 12; side++) {
        struct raster small = picture(side, 13 - side);
        for (uint64_t i = 0; i < 20; i++) {
            cutpaste(&small, CUTPASTE_PATCH, 1, 1, i);
            cutpaste(&small, CUTPASTE_SCAR, 1, 1, i);
        }
        raster_free(&small);
    }
    struct raster dot = picture(1, 1);
    cutpaste(&dot, CUTPASTE_PATCH, 1, 1, 1);
    raster_free(&dot);
    ok(true, "images smaller than a scar");
}

/* Worst of a watched tensor's norm and 16 entries, as a share of the norm or of the largest entry. */
static double value_error(const struct safetensors *st, const char *name, const double want[17])
{
    const struct tensor *v = safetensors_find(st, name);
    const float *x = v->data;
    char key[80];
    double squares = 0, worst = 0, most = 0;
    for (size_t i = 0; i < tensor_count(v); i++)
        squares += (double)x[i] * (double)x[i];
    snprintf(key, sizeof key, "cutpaste %s", name);
    for (size_t i = 0; i < 16; i++) {
        const size_t at = (size_t)(formula(formula_seed(key), i) * (double)tensor_count(v));
        most = worse(most, fabs(want[1 + i]));
        worst = worse(worst, fabs((double)x[at] - want[1 + i]));
    }
    return worse(fabs(sqrt(squares) / want[0] - 1), worst / most);
}

static bool unmoved(const struct cutpaste *c, const struct safetensors *was, const char *name)
{
    struct safetensors is = {0};
    learner_export(&c->learner, &is);
    const struct tensor *a = safetensors_find(was, name), *b = safetensors_find(&is, name);
    const bool same_bits = memcmp(a->data, b->data, tensor_count(a) * sizeof(float)) == 0;
    safetensors_free(&is);
    return same_bits;
}

static void steps(void)
{
    struct graph graph = {0};
    struct safetensors weights = {0}, st = {0};
    struct cutpaste c;
    network_build(&graph, "resnet18", 0);
    const size_t output = cutpaste_head(&graph, (size_t)graph_find_tap(&graph, "avgpool"), CUTPASTE_WAYS);
    fill(&weights, &graph);
    const struct trainer_plan plan = {.output = &output,
                                      .outputs = 1,
                                      .n = CUTPASTE_BATCH,
                                      .h = CUTPASTE_SIDE,
                                      .w = CUTPASTE_SIDE,
                                      .precision = DT_F32};
    cutpaste_init(&c, trainer_new(&graph, &weights, "formula", &plan),
                  &(struct cutpaste_options){0.9, 3e-5, 0, CUTPASTE_WAYS, CUTPASTE_ALONE});
    const struct view in = trainer_input(c.learner.trainer, 0);
    double worst = 0;
    for (size_t s = 0; s < CUTPASTE_STEPS; s++) {
        char name[32];
        snprintf(name, sizeof name, "cutpaste %zu", s);
        fill_images(&in, name, 0, CUTPASTE_BATCH);
        worst = worse(worst, fabs(cutpaste_step(&c, s, cutpaste_rate) / cutpaste_loss[s] - 1));
        ok(unmoved(&c, &weights, "conv1.weight") == (s < CUTPASTE_ALONE) &&
               !unmoved(&c, &weights, CUTPASTE_HEAD "linear1.weight"),
           "step %zu: %s", s, s < CUTPASTE_ALONE ? "the head learns alone" : "all learns");
    }
    ok(worst <= 1e-3, "losses of five steps (%.2g)", worst);
    learner_export(&c.learner, &st);
    for (size_t i = 0; i < sizeof cutpaste_watched / sizeof *cutpaste_watched; i++) {
        const double error = value_error(&st, cutpaste_watched[i], cutpaste_value[i]);
        ok(error <= 1e-3, "%s after five steps (%.2g)", cutpaste_watched[i], error);
    }
    safetensors_free(&st);
    safetensors_free(&weights);
    cutpaste_free(&c);
    graph_free(&graph);
}

int main(void)
{
    pool_start(2);
    patches();
    scars();
    pixels();
    functions();
    steps();
    return done();
}
