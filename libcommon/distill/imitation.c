#include "distill/imitation.h"
#include "base/mem.h"
#include "base/thread.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        const struct view made = infer_output(m->infer, i);
        m->distance[i] = xaligned(made.h * made.w, sizeof(float));
        m->made[i] = xaligned(made.h * made.w * made.c, sizeof(float));
    }
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

/* A tap under way. */
struct layer {
    const float *want, *made;
    float *distance;
    size_t width, channels;
};

static void distances_of_row(void *arg, size_t y, size_t worker)
{
    const struct layer *l = arg;
    (void)worker;
    for (size_t at = y * l->width; at < (y + 1) * l->width; at++)
        l->distance[at] =
            (float)imitation_distance(l->want + at * l->channels, l->made + at * l->channels, l->channels);
}

static void find_distances(struct imitation *m, const struct taps *image)
{
    const struct student *s = m->student;
    for (size_t i = 0; i < s->inputs; i++) {
        const struct view in = infer_input(m->infer, i);
        view_copy_in(&in, 0, image->tap[s->input[i]].value);
    }
    infer_run(m->infer, 1);
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        const struct view made = infer_output(m->infer, i);
        struct layer l = {image->tap[s->wanted[i]].value, m->made[i], m->distance[i], made.w, made.c};
        view_copy_out(m->made[i], &made, 0);
        pool_run(made.h, distances_of_row, &l);
    }
}

/* At least n floats; what was in them goes. */
static void grow(struct imitation *m, size_t n)
{
    if (n <= m->room)
        return;
    free(m->enlarged);
    mem_need(n * sizeof *m->enlarged, "a map");
    m->enlarged = xaligned(n, sizeof *m->enlarged);
    m->room = n;
}

void imitation_map(struct imitation *m, const struct taps *image, float *out, struct map_size grid,
                   const struct imitation_rules *r)
{
    const size_t n = grid.height * grid.width;
    grow(m, n);
    find_distances(m, image);
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        const struct tap *t = &image->tap[m->student->wanted[i]];
        float *to = i == 0 ? out : m->enlarged;
        map_resize(to, grid.height, grid.width, m->distance[i], t->height, t->width, 1, r->upsample);
        for (size_t k = 0; i > 0 && k < n; k++)
            out[k] = r->combine == IMITATION_SUM ? out[k] + to[k] : out[k] * to[k];
    }
}

void imitation_end(struct imitation *m)
{
    infer_free(m->infer);
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        free(m->distance[i]);
        free(m->made[i]);
    }
    free(m->enlarged);
    *m = (struct imitation){0};
}
