#include "distill/student.h"
#include "base/mem.h"
#include "nn/networks.h"
#include <stdio.h>
#include <stdlib.h>

static void find_outputs(struct student *s)
{
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        char name[16];
        snprintf(name, sizeof name, "layer%zu", i + 1);
        const ptrdiff_t at = graph_find_tap(&s->graph, name);
        if (at < 0)
            die("a student without %s", name);
        s->output[i] = (size_t)at;
    }
}

void student_reverse(struct student *s, const struct reverse_form *f)
{
    *s = (struct student){.inputs = STUDENT_TAPS, .arrays = STUDENT_TAPS};
    for (size_t i = 0; i < STUDENT_TAPS; i++)
        s->input[i] = s->wanted[i] = i;
    reverse_build(&s->graph, f);
    find_outputs(s);
}

void student_pyramid(struct student *s, const char *arch)
{
    *s = (struct student){.inputs = 1, .arrays = 1 + STUDENT_TAPS};
    for (size_t i = 0; i < STUDENT_TAPS; i++)
        s->wanted[i] = 1 + i;
    if (!network_build(&s->graph, arch, 0))
        die("'%s' is not a network that fern knows", arch);
    find_outputs(s);
}

void student_free(struct student *s)
{
    graph_free(&s->graph);
}

void student_sides(const struct student *s, const struct taps *t, size_t side[STUDENT_TAPS][2])
{
    for (size_t i = 0; i < s->inputs; i++) {
        side[i][0] = t->tap[s->input[i]].height;
        side[i][1] = t->tap[s->input[i]].width;
    }
}

static bool channels_fit(const struct graph *g, size_t node, const struct taps *t, size_t tap, struct err *e)
{
    if (t->tap[tap].channels == g->node[node].channels)
        return true;
    return err_set(e, "tap %zu has %zu channels, not the %zu of the student's network", tap + 1,
                   t->tap[tap].channels, g->node[node].channels);
}

/* A bottleneck sees its taps through strides that must meet, and the decoder doubles: sides that are halved from tap to tap, and
 * once more, without a rest. */
static bool halves(const struct taps *t, struct err *e)
{
    const struct tap *last = &t->tap[STUDENT_TAPS - 1];
    for (size_t i = 0; i + 1 < STUDENT_TAPS; i++) {
        const struct tap *a = &t->tap[i], *b = &t->tap[i + 1];
        if (a->height != 2 * b->height || a->width != 2 * b->width)
            return err_set(
                e,
                "taps of %zux%zu and %zux%zu: each must have half the sides of the one before (images "
                "whose sides are multiples of 32 have such taps)",
                a->width, a->height, b->width, b->height);
    }
    if (last->height % 2 || last->width % 2)
        return err_set(e, "the last tap is %zux%zu; its sides must be even (images: multiples of 32)",
                       last->width, last->height);
    return true;
}

/* The student's maps have the sides of the teacher's. */
static bool sides_fit(const struct student *s, const struct taps *t, struct err *e)
{
    size_t in[STUDENT_TAPS][2], (*side)[2] = xcalloc(s->graph.n, sizeof *side);
    bool *needed = xcalloc(s->graph.n, sizeof *needed), fit = true;
    graph_needed(&s->graph, s->output, STUDENT_TAPS, needed);
    student_sides(s, t, in);
    graph_sides(&s->graph, (const size_t(*)[2])in, needed, side);
    for (size_t i = 0; fit && i < STUDENT_TAPS; i++) {
        const struct tap *is = &t->tap[s->wanted[i]];
        const size_t *want = side[s->output[i]];
        if (is->height != want[0] || is->width != want[1])
            fit = err_set(e, "tap %zu is %zux%zu; a student of such images has %zux%zu", s->wanted[i] + 1,
                          is->width, is->height, want[1], want[0]);
    }
    free(side);
    free(needed);
    return fit;
}

bool student_fits(const struct student *s, const struct taps *t, struct err *e)
{
    if (t->n != s->arrays)
        return err_set(e, "%zu taps; layer1,layer2,layer3 are needed", t->n);
    for (size_t i = 0; i < STUDENT_TAPS; i++)
        if (!channels_fit(&s->graph, s->output[i], t, s->wanted[i], e))
            return false;
    if (s->inputs == STUDENT_TAPS && !halves(t, e))
        return false;
    return sides_fit(s, t, e);
}
