/* nn/coupling: inverted, and its log-determinant by differences. (Values and gradients: ops.c, against torch.) */
#include "nn/coupling.h"
#include "formula.h"
#include "tap.h"

/* y to x and back, the subnet's output being given. */
static void inverted(void)
{
    enum { C = 9, N = 2, H = 4, W = 5, A = 2 * (C / 2) };
    float gamma[C], offset[C], permutation[C], x[N * H * W * C], y[N * H * W * C], z[N * H * W * C],
        a[N * H * W * A];
    const struct coupling k = {C, 2.0f, gamma, offset, permutation, NULL};
    const struct view vx = {x, N, H, W, C, 0, DT_F32, 0}, vy = {y, N, H, W, C, 0, DT_F32, 0},
                      vz = {z, N, H, W, C, 0, DT_F32, 0}, va = {a, N, H, W, A, 0, DT_F32, 0};
    double log_determinant[N] = {0}, worst = 0;
    for (size_t i = 0; i < C; i++) {
        gamma[i] = (float)(10 + formula(1, i));
        offset[i] = (float)(formula(2, i) - 0.5);
    }
    fill_permutation(permutation, C, 3);
    fill_images(&vx, "x", 0, N);
    fill_images(&va, "a", 0, N);
    for (size_t i = 0; i < N * H * W * A; i++)
        a[i] *= 10; /* s up to 2 tanh 2 */
    void *scratch = xaligned(coupling_scratch(&vx), 1);
    coupling_forward(&vy, &vx, &va, log_determinant, &k, scratch);
    coupling_inverse(&vz, &vy, &va, &k);
    for (size_t i = 0; i < N * H * W * C; i++)
        worst = worse(worst, fabs((double)x[i] - z[i]));
    ok(worst < 1e-5, "a coupling inverted: off by %.2g", worst);
    ok(!(fabs(log_determinant[0]) < 1), "its log-determinant is no 0: %.3g", log_determinant[0]);
    free(scratch);
}

/* The log-determinant of one pixel's Jacobian, by differences in x and elimination. */
static void log_determinant_by_differences(void)
{
    enum { C = 7, A = 6 };
    float gamma[C], offset[C], permutation[C], x[C], y[2][C] = {{0}}, a[A];
    const struct coupling k = {C, 1.9f, gamma, offset, permutation, NULL};
    const struct view vx = {x, 1, 1, 1, C, 0, DT_F32, 0}, va = {a, 1, 1, 1, A, 0, DT_F32, 0};
    double j[C][C], sum = 0, got = 0;
    for (size_t i = 0; i < C; i++) {
        gamma[i] = (float)(10 + 2 * formula(4, i));
        offset[i] = (float)formula(5, i);
        x[i] = (float)(formula(6, i) * 2 - 1);
    }
    for (size_t i = 0; i < A; i++)
        a[i] = (float)(formula(7, i) * 20 - 10);
    fill_permutation(permutation, C, 8);
    void *scratch = xaligned(coupling_scratch(&vx), 1);
    for (size_t c = 0; c < C; c++) {
        for (int side = 0; side < 2; side++) {
            const float old = x[c];
            const struct view vy = {y[side], 1, 1, 1, C, 0, DT_F32, 0};
            x[c] = side ? old + 0.125f : old - 0.125f; /* y is linear in x for a given a */
            coupling_forward(&vy, &vx, &va, NULL, &k, scratch);
            x[c] = old;
        }
        for (size_t i = 0; i < C; i++)
            j[i][c] = ((double)y[1][i] - y[0][i]) / 0.25;
    }
    const struct view vy = {y[0], 1, 1, 1, C, 0, DT_F32, 0};
    coupling_forward(&vy, &vx, &va, &got, &k, scratch);
    for (size_t c = 0; c < C; c++)
        for (size_t i = 0; i < C; i++) /* one number in each row and column: the order of a permutation */
            sum += fabs(j[i][c]) > 1e-3 ? log(fabs(j[i][c])) : 0;
    ok(fabs(got - sum) < 1e-4, "the log-determinant by differences: %.6g and %.6g", got, sum);
    free(scratch);
}

int main(void)
{
    inverted();
    log_determinant_by_differences();
    return done();
}
