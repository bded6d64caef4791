#include "flow/flow.h"
#include "base/mem.h"
#include "base/thread.h"
#include <stdio.h>
#include <stdlib.h>

struct flow_shapes flow_shapes_of(const struct taps *t)
{
    struct flow_shapes s = {.taps = t->n};
    for (size_t i = 0; i < t->n; i++) {
        s.height[i] = t->tap[i].height;
        s.width[i] = t->tap[i].width;
        s.channels[i] = t->tap[i].channels;
        if (s.channels[i] < 2)
            die("tap %zu has one channel: a flow needs two or more", i + 1);
    }
    return s;
}

bool flow_fits(const struct flow_shapes *s, const struct taps *t, struct err *e)
{
    struct taps fit = {.n = s->taps};
    for (size_t i = 0; i < s->taps; i++)
        fit.tap[i] = (struct tap){s->height[i], s->width[i], s->channels[i], NULL};
    return taps_match(t, &fit, e);
}

struct flow_shapes flow_shapes_in(const struct safetensors *st, const char *path, const char *name)
{
    struct flow_shapes s = {0};
    char text[64], shape[128];
    for (; s.taps < TAPS_MAX; s.taps++) {
        snprintf(text, sizeof text, "tap%zu.%s", s.taps + 1, name);
        const struct tensor *t = safetensors_find(st, text);
        if (!t && s.taps)
            break;
        if (!t)
            die("%s: no %s in it: not a model of flows", path, text);
        if (t->rank != 3 || t->dim[0] < 2 || tensor_count(t) == 0)
            die("%s: %s is %s, not channels x height x width", path, text, tensor_shape_text(t, shape));
        s.channels[s.taps] = t->dim[0];
        s.height[s.taps] = t->dim[1];
        s.width[s.taps] = t->dim[2];
    }
    return s;
}

/* Products of three sides fit a size_t: each is 65535 at most. */
struct flow_shapes flow_taps_in(const struct safetensors *st, const char *path)
{
    const struct tensor *t = safetensors_find(st, "taps");
    struct flow_shapes s = {0};
    if (!t || t->type != DT_I32 || t->rank != 2 || t->dim[1] != 3 || t->dim[0] < 1 || t->dim[0] > TAPS_MAX)
        die("%s: no list of taps in it: not a model of flows", path);
    for (s.taps = 0; s.taps < t->dim[0]; s.taps++) {
        size_t *const side[3] = {&s.height[s.taps], &s.width[s.taps], &s.channels[s.taps]};
        for (size_t i = 0; i < 3; i++) {
            const double value = tensor_get(t, 3 * s.taps + i);
            if (value < (i == 2 ? 2 : 1) || value > TAP_SIDE_MAX)
                die("%s: tap %zu has a side of %.9g", path, s.taps + 1, value);
            *side[i] = (size_t)value;
        }
    }
    return s;
}

void flow_give_taps(struct safetensors *st, const struct flow_shapes *s)
{
    int32_t sides[3 * TAPS_MAX];
    for (size_t i = 0; i < s->taps; i++) {
        sides[3 * i] = (int32_t)s->height[i];
        sides[3 * i + 1] = (int32_t)s->width[i];
        sides[3 * i + 2] = (int32_t)s->channels[i];
    }
    const struct tensor t = {.type = DT_I32, .rank = 2, .dim = {s->taps, 3}, .data = sides};
    safetensors_add(st, "taps", &t);
}

void flow_need_pixels(float **map, size_t *room, size_t pixels)
{
    if (pixels <= *room)
        return;
    free(*map);
    *map = NULL;
    mem_need(pixels * sizeof **map, "an anomaly map");
    *map = xmalloc(pixels, sizeof **map);
    *room = pixels;
}

/* Rows whose sums are taken one after the other in the end. */
struct squares {
    const struct view *gradient, *z;
    size_t n;
    float scale;
    double *sum; /* of each row */
};

static void squares_row(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct squares *q = arg;
    const size_t image = row / q->z->h, c = q->z->c;
    const ptrdiff_t y = (ptrdiff_t)(row % q->z->h);
    const float scale = image < q->n ? q->scale : 0.0f;
    double sum = 0;
    for (ptrdiff_t x = 0; x < (ptrdiff_t)q->z->w; x++) {
        const float *z = view_at(q->z, image, y, x);
        float *d = q->gradient ? view_at(q->gradient, image, y, x) : NULL;
        for (size_t i = 0; i < c; i++)
            sum += (double)z[i] * (double)z[i];
        for (size_t i = 0; d && i < c; i++)
            d[i] = scale * z[i];
    }
    q->sum[row] = sum / 2;
}

double flow_half_squares(const struct view *gradient, const struct view *z, size_t n, double scale)
{
    struct squares q = {gradient, z, n, (float)scale, xcalloc(z->n * z->h, sizeof *q.sum)};
    double sum = 0;
    pool_run((gradient ? z->n : n) * z->h, squares_row, &q);
    for (size_t row = 0; row < n * z->h; row++)
        sum += q.sum[row];
    free(q.sum);
    return sum;
}
