/* TAP for the unit tests: ok() and its kin print one line each, done() the plan. */
#ifndef TAP_H
#define TAP_H
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static bool ok(bool passed, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    tap_failed += !passed;
    return passed;
}

/* |got - want| <= tolerance */
__attribute__((unused)) static bool ok_close(double got, double want, double tolerance, const char *what)
{
    bool passed = fabs(got - want) <= tolerance;
    ok(passed, "%s", what);
    if (!passed)
        printf("# got %.9g, want %.9g within %g\n", got, want, tolerance);
    return passed;
}

/* The larger of the worst so far and x, for `worst = worse(worst, |got - want|)`. Unlike fmax it keeps NaN: once it is in, no
 * `worst <= tolerance` holds any more. */
__attribute__((unused)) static double worse(double worst, double x)
{
    return isnan(worst) || x <= worst ? worst : x;
}

__attribute__((unused)) static void skip(const char *what, const char *why)
{
    printf("ok %d - %s # SKIP %s\n", ++tap_count, what, why);
}

/* return done(); ends main. */
__attribute__((unused)) static int done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed != 0;
}
#endif
