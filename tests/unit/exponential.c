/* num/exponential: exp and tanh against libm's in f64, for every kind of CPU the same bits. */
#include "num/exponential.h"
#include "num/cpu.h"
#include "tap.h"
#include <string.h>

enum { N = 4099 }; /* vectors and a rest */

static float at(size_t i, double reach)
{
    return (float)(((double)i / (N - 1) * 2 - 1) * reach);
}

static void check(double reach)
{
    float in[N], e[N] = {0}, t[N] = {0}, plain[2][N];
    double worst[2] = {0, 0};
    const enum cpu_level best = cpu_level();
    bool same = true;
    for (size_t i = 0; i < N; i++)
        in[i] = at(i, reach);
    for (enum cpu_level level = CPU_PLAIN; level <= best; level++) {
        cpu_pretend(level);
        exponential(e, in, N);
        exponential_tanh(t, in, 0.25f, N);
        if (level == CPU_PLAIN)
            memcpy(plain[0], e, sizeof e), memcpy(plain[1], t, sizeof t);
        same &= memcmp(plain[0], e, sizeof e) == 0 && memcmp(plain[1], t, sizeof t) == 0;
    }
    cpu_pretend(best);
    for (size_t i = 0; i < N; i++) {
        const double want[2] = {exp(in[i]), tanh(0.25 * in[i])};
        worst[0] = worse(worst[0], fabs(e[i] - want[0]) / want[0]);
        worst[1] = worse(worst[1], in[i] == 0 ? fabs(t[i]) : fabs(t[i] - want[1]) / fabs(want[1]));
    }
    ok(worst[0] < 0x1p-22 && worst[1] < 0x1p-22, "up to %g: exp off by %.2g, tanh by %.2g", reach, worst[0],
       worst[1]);
    ok(same, "the same bits on every kind of CPU");
}

int main(void)
{
    check(1e-3);
    check(1);
    check(5);
    check(87);
    float same[N], apart[N];
    for (size_t i = 0; i < N; i++)
        same[i] = at(i, 5);
    exponential(apart, same, N);
    exponential(same, same, N);
    ok(memcmp(same, apart, sizeof same) == 0, "in its own place");
    float x[4] = {200, -200, INFINITY, -INFINITY}, t[4];
    exponential_tanh(t, x, 1, 4);
    ok(t[0] == 1 && t[1] == -1 && t[2] == 1 && t[3] == -1, "tanh far out is 1 and -1");
    x[0] = NAN;
    exponential(t, x, 1);
    exponential_tanh(t + 1, x, 1, 1);
    ok(isnan(t[0]) && isnan(t[1]), "NaN stays");
    return done();
}
