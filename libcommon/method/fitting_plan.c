/* How many epochs there will be, and what they cost: by a few steps that are taken, timed and undone. */
#include "base/err.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/spool.h"
#include "method/fitting_parts.h"
#include <math.h>
#include <stdio.h>

/* The steps to be timed after the first, which is slower; and when they have told enough: seconds, or this share of --minutes. */
enum { TIMED = 2 };
#define ENOUGH_SECONDS 10.0
#define ENOUGH_SHARE 0.05

struct cost {
    double step, look; /* seconds */
};

static struct spool *put_aside(const struct checkpoint_parts *parts)
{
    struct spool *s = spool_new("the training's first state");
    for (size_t i = 0; i < parts->n; i++)
        spool_add(s, parts->part[i].data, parts->part[i].n * dtype_size(parts->part[i].type));
    return s;
}

static void put_back(const struct checkpoint_parts *parts, struct spool *s)
{
    uint64_t at = 0;
    for (size_t i = 0; i < parts->n; i++) {
        const size_t bytes = parts->part[i].n * dtype_size(parts->part[i].type);
        spool_read(s, parts->part[i].data, bytes, at);
        at += bytes;
    }
    spool_free(s);
}

static double seconds_of_step(struct fitting *f, size_t i)
{
    const double start = progress_clock();
    fitting_step(f, i % f->steps);
    return progress_clock() - start;
}

static struct cost try_out(struct fitting *f)
{
    const double enough = f->o->minutes > 0 ? 60 * f->o->minutes * ENOUGH_SHARE : ENOUGH_SECONDS;
    const double start = progress_clock();
    struct spool *first = put_aside(loop_parts(f->loop));
    struct cost c = {.step = seconds_of_step(f, 0)};
    for (size_t i = 1; i <= TIMED && progress_clock() - start < enough; i++)
        c.step = fmin(c.step, seconds_of_step(f, i));
    const double look = progress_clock();
    f->task.look(f->task.arg);
    c.look = progress_clock() - look;
    put_back(loop_parts(f->loop), first);
    return c;
}

static size_t epochs_of(const struct fitting *f, double seconds, double epoch)
{
    const size_t asked = f->o->epochs;
    if (!(f->o->minutes > 0))
        return asked == FITTING_AUTO ? f->task.epochs : asked;
    const size_t room = (size_t)fmin(fmax(seconds / epoch, 1), 1e9);
    return asked < room ? asked : room;
}

static void tell(const struct fitting *f, double seconds)
{
    const char *unit = seconds < 120 ? "s" : seconds < 7200 ? "min" : "h";
    const double amount = seconds < 120 ? seconds : seconds < 7200 ? seconds / 60 : seconds / 3600;
    warning("%zu epochs%s of %zu steps of %zu images (%zu to learn from, %zu held back): about %.*f %s, %.0f "
            "MB of "
            "memory, %.0f MB on disk",
            f->o->epochs, f->o->patience ? " at most" : "", f->steps, f->images, f->taken, f->held,
            amount < 10 ? 1 : 0, amount, unit, (double)mem_peak() / 1e6, (double)f->disk / 1e6);
}

void fitting_plan(struct fitting *f)
{
    const double start = progress_clock();
    f->task.rate.steps = f->steps; /* of an epoch, as long as no number of them is known */
    if (err_verbosity < 0 && !(f->o->minutes > 0)) {
        f->o->epochs = epochs_of(f, 0, 1);
        return;
    }
    const struct cost c = try_out(f);
    const double epoch = (double)f->steps * c.step + c.look;
    f->o->epochs = epochs_of(f, 60 * f->o->minutes - (progress_clock() - start), epoch);
    tell(f, (double)f->o->epochs * epoch);
}
