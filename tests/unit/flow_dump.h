/* What the tests of flows share: a learner's gradients and steps against a dump of tests/oracle/flow.py or cflow.py. */
#ifndef FLOW_DUMP_H
#define FLOW_DUMP_H
#include "base/file.h"
#include "base/mem.h"
#include "formula.h"
#include "stream/npys.h"
#include "tap.h"
#include "train/learner.h"

/* |got - want| / |want - from|. */
static double off_by(const float *got, const struct tensor *want, const float *from)
{
    double off = 0, all = 0;
    for (size_t i = 0; i < tensor_count(want); i++) {
        const double w = tensor_get(want, i), start = from ? (double)from[i] : 0;
        off += pow((double)got[i] - w, 2);
        all += pow(w - start, 2);
    }
    return all > 0 ? sqrt(off / all) : off;
}

struct dump {
    FILE *f;
    char *path;
    struct npys_reader *reader;
    struct npys_record record;
};

static const struct npys_record *next(struct dump *d, const char *name)
{
    const bool there = npys_read(d->reader, &d->record);
    if (!there || strcmp(note_get(&d->record.note, "name"), name) != 0)
        printf("not ok - the dump has %s, not %s\n", there ? note_get(&d->record.note, "name") : "an end",
               name);
    return &d->record;
}

static struct dump dump_open(const char *name)
{
    const char *tests = getenv("FERN_TESTS");
    struct dump d = {.path = xprintf("%s/oracle/%s", tests ? tests : "tests", name)};
    d.f = file_open(d.path);
    d.reader = npys_reader_new(d.f, d.path);
    return d;
}

static void dump_close(struct dump *d)
{
    ok(npys_reader_count(d->reader) > 0 && !npys_read(d->reader, &d->record), "the dump has no more");
    npys_record_free(&d->record);
    npys_reader_free(d->reader);
    file_close(d->f);
    free(d->path);
}

/* Parameters in the graph's order, as the dump has them. */
static void gradients(const struct learner *l, struct dump *dump, float *after)
{
    size_t n, at = 0;
    const struct trainer_parameter *p = trainer_parameters(l->trainer, &n);
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        if (!p[i].trained)
            continue;
        const struct npys_record *want = next(dump, p[i].name);
        float *got = xmalloc(p[i].n, sizeof *got);
        const size_t floats = trainer_parameter_copy(l->trainer, trainer_gradients(l->trainer), &p[i], got);
        if (floats != tensor_count(&want->array[0]))
            printf("not ok - %s has %zu numbers\n", p[i].name, tensor_count(&want->array[0]));
        const double off = off_by(got, &want->array[0], NULL);
        if (!(off < 1e-3))
            printf("# %s: %.2g\n", p[i].name, off);
        worst = worse(worst, off);
        for (size_t k = 0; after && k < floats; k++)
            after[at++] = (float)tensor_get(&want->array[1], k);
        free(got);
    }
    ok(worst < 1e-4, "the gradients of all %zu parameters, worst %.2g", n, worst);
}

/* Of subnets in bf16 beside those in f32, from the same parameters and images: all gradients as one vector. */
static void near_f32(const struct learner *low, const struct learner *full, double loss, double want)
{
    size_t n;
    trainer_values(full->trainer, &n);
    const float *got = trainer_gradients(low->trainer), *of = trainer_gradients(full->trainer);
    const struct tensor all = {.type = DT_F32, .rank = 1, .dim = {n}, .data = (void *)(uintptr_t)of};
    const double off = off_by(got, &all, NULL);
    ok(fabs(loss - want) < 2e-3 * fabs(want), "bf16: the loss is %.6g, in f32 %.6g", loss, want);
    ok(off > 0 && off < 1e-2, "bf16: gradients as in f32, off by %.2g", off);
}

/* after: the parameters as the dump has them, one after the other; start: the values before the first step. */
static void where_they_lead(const struct learner *l, const float *start, const float *after)
{
    size_t n, at = 0;
    double worst = 0;
    const struct trainer_parameter *p = trainer_parameters(l->trainer, &n);
    for (size_t i = 0; i < n; i++) {
        if (!p[i].trained)
            continue;
        float *from = xmalloc(p[i].n, sizeof *from), *got = xmalloc(p[i].n, sizeof *got);
        const size_t floats = trainer_parameter_copy(l->trainer, start, &p[i], from);
        trainer_parameter_copy(l->trainer, l->optimiser.values, &p[i], got);
        const struct tensor want = {
            .type = DT_F32, .rank = 1, .dim = {floats}, .data = (void *)(uintptr_t)(after + at)};
        const double off = off_by(got, &want, from);
        if (!(off < 1e-4))
            printf("# %s: %.2g\n", p[i].name, off);
        worst = worse(worst, off);
        at += floats;
        free(from);
        free(got);
    }
    ok(worst < 1e-4, "where they lead, worst %.2g of the way", worst);
}
#endif
