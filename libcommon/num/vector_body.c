/* Compiled once for every level (num/level.h): GCC's vector types, eight lanes whatever the CPU has, so that all levels give the
 * same bits. They lie in PARTS registers. */
#include "num/level.h"
#include "num/vector_kernel.h"
#include <string.h>

enum { LANES = 8, PART = LEVEL_REGISTER / 8, PARTS = LANES / PART, ROWS = 4 };
typedef double part __attribute__((vector_size(LEVEL_REGISTER)));
typedef double part_at __attribute__((vector_size(LEVEL_REGISTER), aligned(8), may_alias));
typedef float floats_at __attribute__((vector_size(LEVEL_REGISTER / 2), aligned(4), may_alias));

#define PART_OF(p) (*(const part_at *)(p))
#define WIDEN(p) __builtin_convertvector(*(const floats_at *)(p), part)

static double sum_of(const part v[PARTS])
{
    double x[LANES];
    memcpy(x, v, sizeof x);
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

/* out[r] = row[r] . y. Four rows share the loads of y and hide each other's latency. */
static void dot4(double out[ROWS], const float *const row[ROWS], const double *y, size_t n)
{
    part s0[PARTS] = {{0}}, s1[PARTS] = {{0}}, s2[PARTS] = {{0}}, s3[PARTS] = {{0}};
    size_t j = 0;
    for (; j + LANES <= n; j += LANES)
        for (size_t p = 0, at = j; p < PARTS; p++, at += PART) {
            const part x = PART_OF(y + at);
            s0[p] += WIDEN(row[0] + at) * x;
            s1[p] += WIDEN(row[1] + at) * x;
            s2[p] += WIDEN(row[2] + at) * x;
            s3[p] += WIDEN(row[3] + at) * x;
        }
    if (j < n && n >= LANES) { /* the last eight elements again, those already counted times zero */
        double rest[LANES] = {0};
        memcpy(rest + LANES - (n - j), y + j, (n - j) * sizeof *y);
        for (size_t p = 0, at = n - LANES; p < PARTS; p++, at += PART) {
            const part x = PART_OF(rest + p * PART);
            s0[p] += WIDEN(row[0] + at) * x;
            s1[p] += WIDEN(row[1] + at) * x;
            s2[p] += WIDEN(row[2] + at) * x;
            s3[p] += WIDEN(row[3] + at) * x;
        }
        j = n;
    }
    out[0] = sum_of(s0);
    out[1] = sum_of(s1);
    out[2] = sum_of(s2);
    out[3] = sum_of(s3);
    for (; j < n; j++)
        for (size_t r = 0; r < ROWS; r++)
            out[r] += (double)row[r][j] * y[j];
}

static double forward(double *z, const float *rows, size_t first, size_t n)
{
    double squares = 0;
    const size_t end = first + n;
    for (size_t i = first; i < end; i += ROWS) {
        const size_t m = end - i < ROWS ? end - i : ROWS;
        const float *row[ROWS] = {rows, rows, rows, rows};
        for (size_t r = 0; r < m; r++) {
            row[r] = rows;
            rows += i + r + 1;
        }
        double dot[ROWS];
        dot4(dot, row, z, i);
        for (size_t r = 0; r < m; r++) {
            double y = z[i + r] - dot[r];
            for (size_t t = 0; t < r; t++)
                y -= (double)row[r][i + t] * z[i + t];
            z[i + r] = y / (double)row[r][i + r];
            squares += z[i + r] * z[i + r];
        }
    }
    return squares;
}

static double projection(const float *w, const double *y, size_t rows, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < rows; i += ROWS) {
        const size_t m = rows - i < ROWS ? rows - i : ROWS;
        const float *row[ROWS];
        for (size_t r = 0; r < ROWS; r++)
            row[r] = w + (i + (r < m ? r : 0)) * n;
        double dot[ROWS];
        dot4(dot, row, y, n);
        for (size_t r = 0; r < m; r++)
            squares += dot[r] * dot[r];
    }
    return squares;
}

enum { STRIP = 2 * LANES };

struct triangle {
    double factor[VECTOR_BLOCK][VECTOR_BLOCK]; /* [i][j], j < i: U[j][i] */
    double reciprocal[VECTOR_BLOCK];
};

/* x: the strip's elements, n x STRIP with row stride x_row, in place. */
static void solve_strip(double *x, size_t x_row, const struct triangle *t, size_t n)
{
    enum { WIDE = STRIP / PART };
    part z[VECTOR_BLOCK][WIDE];
    for (size_t i = 0; i < n; i++) {
        double *at = x + i * x_row;
        part a[WIDE];
        for (size_t p = 0; p < WIDE; p++)
            a[p] = PART_OF(at + p * PART);
        for (size_t j = 0; j < i; j++)
            for (size_t p = 0; p < WIDE; p++)
                a[p] -= t->factor[i][j] * z[j][p];
        for (size_t p = 0; p < WIDE; p++) {
            z[i][p] = a[p] * t->reciprocal[i];
            *(part_at *)(at + p * PART) = z[i][p];
        }
    }
}

static void solve(double *b, size_t b_row, size_t columns, const double *u, size_t u_row, size_t n)
{
    struct triangle t;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            t.factor[i][j] = u[j * u_row + i];
        t.reciprocal[i] = 1.0 / u[i * u_row + i];
    }
    size_t c = 0;
    for (; c + STRIP <= columns; c += STRIP)
        solve_strip(b + c, b_row, &t, n);
    if (c == columns)
        return;
    double rest[VECTOR_BLOCK * STRIP] = {0};
    for (size_t i = 0; i < n; i++)
        memcpy(rest + i * STRIP, b + i * b_row + c, (columns - c) * sizeof *b);
    solve_strip(rest, STRIP, &t, n);
    for (size_t i = 0; i < n; i++)
        memcpy(b + i * b_row + c, rest + i * STRIP, (columns - c) * sizeof *b);
}

static double centre(double *out, const float *x, const double *mean, size_t n)
{
    part s[PARTS] = {{0}};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t p = 0, at = i; p < PARTS; p++, at += PART) {
            const part d = WIDEN(x + at) - PART_OF(mean + at);
            *(part_at *)(out + at) = d;
            s[p] += d * d;
        }
    double sum = sum_of(s);
    for (; i < n; i++) {
        out[i] = (double)x[i] - mean[i];
        sum += out[i] * out[i];
    }
    return sum;
}

const struct vector_kernels KERNELS(vector) = {forward, projection, centre, solve};
