#include "distill/imitation.h"
#include "base/mem.h"
#include "base/thread.h"
#include <math.h>
#include <stdlib.h>

void imitation_begin(struct imitation *m, const struct student *s, const struct safetensors *weights,
                     const char *file, const struct taps *shapes, enum dtype precision)
{
    size_t side[STUDENT_TAPS][2];
    student_sides(s, shapes, side);
    const struct infer_plan plan = {.wanted = s->output,
                                    .wanted_n = STUDENT_TAPS,
                                    .n = 1,
                                    .side = (const size_t(*)[2])side,
                                    .precision = precision};
    *m = (struct imitation){.student = s};
    m->infer = infer_new(&s->graph, weights, file, &plan);
}

double imitation_distance(const float *a, const float *b, size_t n)
{
    double aa = 0, bb = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    if (isnan(aa + bb))
        return aa + bb;
    if (!(aa > 0 && bb > 0))
        return aa > 0 || bb > 0 ? 1 : 0;
    const double by_a = 1 / sqrt(aa), by_b = 1 / sqrt(bb);
    for (size_t i = 0; i < n; i++) {
        const double d = (double)a[i] * by_a - (double)b[i] * by_b;
        sum += d * d;
    }
    return sum / 2;
}

/* A tap of image n under way; wide: the student's in f32, where it isn't so itself. */
struct layer {
    const struct view *want, *made;
    const float *wide;
    float *distance;
    size_t n;
};

static void distances_of_row(void *arg, size_t y, size_t worker)
{
    const struct layer *l = arg;
    const size_t width = l->made->w, channels = l->made->c;
    (void)worker;
    for (size_t x = 0; x < width; x++) {
        const float *want = view_at(l->want, l->n, (ptrdiff_t)y, (ptrdiff_t)x);
        const float *made = l->wide ? l->wide + (y * width + x) * channels
                                    : view_at(l->made, l->n, (ptrdiff_t)y, (ptrdiff_t)x);
        l->distance[y * width + x] = (float)imitation_distance(want, made, channels);
    }
}

static void find_distances(struct imitation_maps *m, size_t i, const struct view *want,
                           const struct view *made, size_t n)
{
    struct layer l = {want, made, NULL, NULL, n};
    if (!m->distance[i])
        m->distance[i] = xaligned(made->h * made->w, sizeof(float));
    if (made->type != DT_F32 && !m->wide[i])
        m->wide[i] = xaligned(made->h * made->w * made->c, sizeof(float));
    if (made->type != DT_F32)
        view_copy_out(m->wide[i], made, n);
    l.wide = m->wide[i];
    l.distance = m->distance[i];
    pool_run(made->h, distances_of_row, &l);
}

/* At least n floats; what was in them goes. */
static void grow(struct imitation_maps *m, size_t n)
{
    if (n <= m->room)
        return;
    free(m->enlarged);
    mem_need(n * sizeof *m->enlarged, "a map");
    m->enlarged = xaligned(n, sizeof *m->enlarged);
    m->room = n;
}

void imitation_compare(struct imitation_maps *m, const struct view want[STUDENT_TAPS],
                       const struct view made[STUDENT_TAPS], size_t n, float *out, struct map_size grid,
                       const struct imitation_rules *r)
{
    const size_t pixels = grid.height * grid.width;
    grow(m, pixels);
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        float *to = i == 0 ? out : m->enlarged;
        find_distances(m, i, &want[i], &made[i], n);
        map_resize(to, grid.height, grid.width, m->distance[i], want[i].h, want[i].w, 1, r->upsample);
        for (size_t k = 0; i > 0 && k < pixels; k++)
            out[k] = r->combine == IMITATION_SUM ? out[k] + to[k] : out[k] * to[k];
    }
}

void imitation_maps_free(struct imitation_maps *m)
{
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        free(m->distance[i]);
        free(m->wide[i]);
    }
    free(m->enlarged);
    *m = (struct imitation_maps){0};
}

/* Only read. */
static struct view view_of(const struct tap *t)
{
    return (struct view){
        .data = (float *)t->value, .n = 1, .h = t->height, .w = t->width, .c = t->channels, .type = DT_F32};
}

void imitation_map(struct imitation *m, const struct taps *image, float *out, struct map_size grid,
                   const struct imitation_rules *r)
{
    const struct student *s = m->student;
    struct view want[STUDENT_TAPS], made[STUDENT_TAPS];
    for (size_t i = 0; i < s->inputs; i++) {
        const struct view in = infer_input(m->infer, i);
        view_copy_in(&in, 0, image->tap[s->input[i]].value);
    }
    infer_run(m->infer, 1);
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        want[i] = view_of(&image->tap[s->wanted[i]]);
        made[i] = infer_output(m->infer, i);
    }
    imitation_compare(&m->maps, want, made, 0, out, grid, r);
}

void imitation_end(struct imitation *m)
{
    infer_free(m->infer);
    imitation_maps_free(&m->maps);
    *m = (struct imitation){0};
}
