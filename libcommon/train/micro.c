#include "train/micro.h"
#include "base/mem.h"
#include "ranks/ranks.h"
#include "ranks/tree.h"
#include <stdlib.h>
#include <string.h>

/* loss, measure, and of each part sum and count */
enum { REPORT = 2 + 2 * LOOP_PARTS };

struct micro {
    struct learner *learner;
    size_t all;
    struct tree *gradients, *statistics, *report;
    float *running, *before; /* the trainer's statistics, and as they were before the step */
    size_t running_n;
    double told[REPORT];
    size_t i, complete,
        given; /* micro-batch under way; gradients from there on are there, are given to the tree */
};

struct micro *micro_new(struct learner *l, size_t all, bool narrow)
{
    struct micro *m = xcalloc(1, sizeof *m);
    size_t n;
    m->learner = l;
    m->all = all;
    m->running = trainer_statistics(l->trainer, &m->running_n);
    m->before = xmalloc(m->running_n, sizeof *m->before);
    trainer_values(l->trainer, &n);
    m->gradients = tree_new(trainer_gradients(l->trainer), n, DT_F32, all, narrow);
    m->statistics = tree_new(m->running, m->running_n, DT_F32, all, false);
    m->report = tree_new(m->told, REPORT, DT_F64, all, false);
    return m;
}

void micro_free(struct micro *m)
{
    if (!m)
        return;
    tree_free(m->gradients);
    tree_free(m->statistics);
    tree_free(m->report);
    free(m->before);
    free(m);
}

size_t micro_own(const struct micro *m)
{
    return tree_leaves(m->all);
}

size_t micro_which(const struct micro *m, size_t i)
{
    return tree_leaf(m->all, i);
}

void micro_begin(struct micro *m, size_t i)
{
    const bool *moves = trainer_running(m->learner->trainer);
    learner_clear(m->learner);
    if (i == 0)
        memcpy(m->before, m->running, m->running_n * sizeof *m->before);
    for (size_t k = 0; k < m->running_n; k++)
        m->running[k] = moves[k] ? 0 : m->before[k];
}

static void give(struct micro *m)
{
    if (m->complete < m->given)
        tree_add(m->gradients, m->i, m->complete, m->given);
    m->given = m->complete;
}

static void complete(void *arg, size_t from)
{
    struct micro *m = arg;
    m->complete = from;
    if (m->given - from >= MICRO_PIECE)
        give(m);
}

static void tell(struct micro *m, const struct loop_report *r)
{
    m->told[0] = r->loss;
    m->told[1] = r->measure;
    for (size_t i = 0; i < LOOP_PARTS; i++) {
        m->told[2 + 2 * i] = r->part[i].sum;
        m->told[3 + 2 * i] = r->part[i].count;
    }
}

void micro_backward(struct micro *m, size_t i, const struct loop_report *report)
{
    m->i = i;
    tell(m, report);
    tree_add(m->report, i, 0, REPORT);
    tree_add(m->statistics, i, 0, m->running_n);
    trainer_values(m->learner->trainer, &m->given);
    trainer_backward_telling(m->learner->trainer, complete, m);
    m->complete = 0;
    give(m);
}

void micro_end(struct micro *m, struct loop_report *report)
{
    const bool *moves = trainer_running(m->learner->trainer);
    ranks_sum_finish();
    for (size_t i = 0; i < m->running_n; i++)
        m->running[i] =
            moves[i] ? (float)(0.9 * m->before[i] + (double)m->running[i] / (double)m->all) : m->before[i];
    report->loss += m->told[0];
    report->measure += m->told[1];
    for (size_t i = 0; i < LOOP_PARTS; i++) {
        report->part[i].sum += m->told[2 + 2 * i];
        report->part[i].count += m->told[3 + 2 * i];
    }
}
