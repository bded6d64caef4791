/* Included by channel_body.c once for each element type: element, VALUE(an element) in f32, ELEMENT(an f32),
 * NAME(a function), LINE, and `partial`, in which a row of pixels is summed before it is added in f64. Blocks
 * of LINE channels, a line of the cache, keep their sums in registers while a row goes by; the compiler makes
 * vectors of the loops over `i`. */
#define sums_block NAME(sums_block)
#define gradient_block NAME(gradient_block)
#define totals_block NAME(totals_block)
#define largest_gradient_block NAME(largest_gradient_block)

/* sum[c] and squares[c] of one block or tail of `n` channels. */
static inline __attribute__((always_inline)) void sums_block(double *sum, double *squares, const element *x,
                                                             size_t pixels, size_t c, size_t n)
{
    partial s[LINE] = {0}, q[LINE] = {0};
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < n; i++) {
            const partial v = VALUE(x[p * c + i]);
            s[i] += v;
            q[i] += v * v;
        }
    for (size_t i = 0; i < n; i++) {
        sum[i] += (double)s[i];
        squares[i] += (double)q[i];
    }
}

static void NAME(sums)(double *sum, double *squares, const void *x_rows, size_t pixels, size_t c)
{
    const element *x = x_rows;
    size_t from = 0;
    for (; from + LINE <= c; from += LINE)
        sums_block(sum + from, squares + from, x + from, pixels, c, LINE);
    if (from < c)
        sums_block(sum + from, squares + from, x + from, pixels, c, c - from);
}

static void NAME(affine)(void *out_rows, const void *x_rows, const float *scale, const float *shift,
                         const void *residual_rows, bool relu, size_t pixels, size_t c)
{
    const float low = relu ? 0.0f : -__builtin_inff();
    for (size_t p = 0; p < pixels; p++) {
        const element *in = (const element *)x_rows + p * c;
        const element *residual = residual_rows ? (const element *)residual_rows + p * c : NULL;
        element *restrict o = (element *)out_rows + p * c;
        if (residual)
            for (size_t i = 0; i < c; i++) {
                const float v = VALUE(in[i]) * scale[i] + shift[i] + VALUE(residual[i]);
                o[i] = ELEMENT(v > low ? v : low);
            }
        else
            for (size_t i = 0; i < c; i++) {
                const float v = VALUE(in[i]) * scale[i] + shift[i];
                o[i] = ELEMENT(v > low ? v : low);
            }
    }
}

/* One block or tail of `n` channels. */
static inline __attribute__((always_inline)) void gradient_block(double *sum, double *product,
                                                                 element *dz_out, bool accumulate,
                                                                 const element *dy, const element *y,
                                                                 const element *x, size_t pixels, size_t c,
                                                                 size_t n)
{
    partial s[LINE] = {0}, q[LINE] = {0};
    for (size_t p = 0; p < pixels; p++) {
        float dz[LINE];
        for (size_t i = 0; i < n; i++)
            dz[i] = y && !(VALUE(y[p * c + i]) > 0.0f) ? 0.0f : VALUE(dy[p * c + i]);
        for (size_t i = 0; i < n; i++) {
            s[i] += dz[i];
            q[i] += (partial)dz[i] * VALUE(x[p * c + i]);
        }
        if (dz_out && accumulate)
            for (size_t i = 0; i < n; i++)
                dz_out[p * c + i] = ELEMENT(VALUE(dz_out[p * c + i]) + dz[i]);
        else if (dz_out)
            for (size_t i = 0; i < n; i++)
                dz_out[p * c + i] = ELEMENT(dz[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sum[i] += (double)s[i];
        product[i] += (double)q[i];
    }
}

static void NAME(gradient_sums)(double *sum, double *product, void *dz_rows, bool accumulate,
                                const void *dy_rows, const void *y_rows, const void *x_rows, size_t pixels,
                                size_t c)
{
    const element *dy = dy_rows, *y = y_rows, *x = x_rows;
    element *dz = dz_rows;
    size_t from = 0;
    for (; from + LINE <= c; from += LINE)
        if (y)
            gradient_block(sum + from, product + from, dz ? dz + from : NULL, accumulate, dy + from, y + from,
                           x + from, pixels, c, LINE);
        else
            gradient_block(sum + from, product + from, dz ? dz + from : NULL, accumulate, dy + from, NULL,
                           x + from, pixels, c, LINE);
    if (from < c)
        gradient_block(sum + from, product + from, dz ? dz + from : NULL, accumulate, dy + from,
                       y ? y + from : NULL, x + from, pixels, c, c - from);
}

static void NAME(gradient)(void *dx_rows, const void *dy_rows, const void *y_rows, const void *x_rows,
                           const float *a, const float *b, const float *d, size_t pixels, size_t c)
{
    for (size_t p = 0; p < pixels; p++) {
        const element *in = (const element *)x_rows + p * c, *g = (const element *)dy_rows + p * c;
        const element *y = y_rows ? (const element *)y_rows + p * c : NULL;
        element *restrict o = (element *)dx_rows + p * c;
        if (y)
            for (size_t i = 0; i < c; i++)
                o[i] = ELEMENT(a[i] * (VALUE(y[i]) > 0.0f ? VALUE(g[i]) : 0.0f) + b[i] * VALUE(in[i]) + d[i]);
        else
            for (size_t i = 0; i < c; i++)
                o[i] = ELEMENT(a[i] * VALUE(g[i]) + b[i] * VALUE(in[i]) + d[i]);
    }
}

/* Element by element, so that dx may be dy: nothing that one writes is read by another. */
static void NAME(mask)(void *dx_all, bool accumulate, const void *dy_all, const void *y_all, size_t n)
{
    element *dx = dx_all;
    const element *dy = dy_all, *y = y_all;
    if (accumulate)
#pragma GCC ivdep
        for (size_t i = 0; i < n; i++) {
            const float dz = VALUE(dy[i]);
            dx[i] = ELEMENT(VALUE(dx[i]) + (VALUE(y[i]) > 0.0f ? dz : 0.0f));
        }
    else
#pragma GCC ivdep
        for (size_t i = 0; i < n; i++) {
            const float dz = VALUE(dy[i]);
            dx[i] = ELEMENT(VALUE(y[i]) > 0.0f ? dz : 0.0f);
        }
}

/* One block or tail of `n` channels. */
static inline __attribute__((always_inline)) void totals_block(double *sum, const element *x, size_t pixels,
                                                               size_t c, size_t n)
{
    partial s[LINE] = {0};
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < n; i++)
            s[i] += VALUE(x[p * c + i]);
    for (size_t i = 0; i < n; i++)
        sum[i] += (double)s[i];
}

static void NAME(totals)(double *sum, const void *x_rows, size_t pixels, size_t c)
{
    const element *x = x_rows;
    size_t from = 0;
    for (; from + LINE <= c; from += LINE)
        totals_block(sum + from, x + from, pixels, c, LINE);
    if (from < c)
        totals_block(sum + from, x + from, pixels, c, c - from);
}

static void NAME(largest)(void *out_row, const void *in_row, size_t n)
{
    element *out = out_row;
    const element *in = in_row;
    for (size_t i = 0; i < n; i++)
        out[i] = VALUE(in[i]) > VALUE(out[i]) ? in[i] : out[i];
}

/* One block or tail of `n` channels. */
static inline __attribute__((always_inline)) void largest_gradient_block(void *const *dx, const void *dy,
                                                                         const void *const *x, size_t taps,
                                                                         size_t from, size_t n)
{
    float best[LINE], gradient[LINE];
    uint32_t where[LINE];
    for (size_t i = 0; i < n; i++) {
        best[i] = VALUE(((const element *)x[0])[from + i]);
        gradient[i] = VALUE(((const element *)dy)[from + i]);
        where[i] = 0;
    }
    for (uint32_t t = 1; t < taps; t++)
        for (size_t i = 0; i < n; i++) {
            const float v = VALUE(((const element *)x[t])[from + i]);
            where[i] = v > best[i] ? t : where[i];
            best[i] = v > best[i] ? v : best[i];
        }
    for (uint32_t t = 0; t < taps; t++) {
        element *to = (element *)dx[t] + from;
        for (size_t i = 0; i < n; i++)
            to[i] = ELEMENT(VALUE(to[i]) + (where[i] == t ? gradient[i] : 0.0f));
    }
}

static void NAME(largest_gradient)(void *const *dx, const void *dy, const void *const *x, size_t taps,
                                   size_t c)
{
    size_t from = 0;
    for (; from + LINE <= c; from += LINE)
        largest_gradient_block(dx, dy, x, taps, from, LINE);
    if (from < c)
        largest_gradient_block(dx, dy, x, taps, from, c - from);
}

#undef sums_block
#undef gradient_block
#undef totals_block
#undef largest_gradient_block
#undef element
#undef VALUE
#undef ELEMENT
#undef partial
#undef LINE
#undef NAME
