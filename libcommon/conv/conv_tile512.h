/* Tiles in AVX-512, for the file that includes this and says what its numbers are:
 *
 *     unit           what a lane takes at a time: a float, or a pair of bf16; UNIT_NUMBERS of them
 *     lanes          sixteen units in a register
 *     lanes_at(p)    those from p on
 *     everywhere(p)  the one at p, sixteen times
 *     add_products(sum, a, b)
 *
 * Where no more than half a panel's channels are wanted, the other half is left out. Loops are unrolled, or the sums would live on
 * the stack. */
enum { ROWS = TILE_ROWS, VECTORS = TILE_VECTORS, HALF_PANEL = CONV_PANEL / 2 };

/* Unit k of all rows against the first `vectors` of the panel's line b. */
static inline __attribute__((always_inline)) void step(__m512 sum[ROWS][VECTORS], const unit *const a[ROWS],
                                                       size_t k, const unit *b, size_t vectors)
{
    lanes w[VECTORS];
#pragma GCC unroll 4
    for (size_t v = 0; v < vectors; v++)
        w[v] = lanes_at(b + 16 * v);
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++) {
        const lanes x = everywhere(a[r] + k);
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; v++)
            sum[r][v] = add_products(sum[r][v], x, w[v]);
    }
}

static inline __attribute__((always_inline)) void tile_of(const struct conv_tile *t, size_t vectors)
{
    __m512 sum[ROWS][VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            sum[r][v] = _mm512_setzero_ps();
    const unit *b = t->panel;
    for (size_t s = 0; s < t->walk->segments; s++) {
        const size_t units = t->walk->segment[s].length / UNIT_NUMBERS;
        const ptrdiff_t offset = t->walk->segment[s].offset * (ptrdiff_t)(sizeof(unit) / UNIT_NUMBERS);
        const unit *a[ROWS];
#pragma GCC unroll 6
        for (size_t r = 0; r < ROWS; r++)
            a[r] = (const void *)((const char *)t->in[r] + offset);
        for (size_t k = 0; k < units; k++, b += CONV_PANEL)
            step(sum, a, k, b, vectors);
    }
    store_tile(t, sum);
}

static void tile(const struct conv_tile *t)
{
    if (t->columns > HALF_PANEL)
        tile_of(t, VECTORS);
    else
        tile_of(t, VECTORS / 2);
}

static inline __attribute__((always_inline)) void gradient_of(float *grad, const unit *in, const unit *dy,
                                                              size_t steps, size_t rows, size_t vectors)
{
    const unit *a[ROWS];
    __m512 sum[ROWS][VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
        a[r] = in + r;
    load_gradient(sum, grad, rows, vectors);
    for (size_t p = 0; p < steps; p++, dy += CONV_PANEL)
        step(sum, a, p * CONV_GRADIENT_DEPTH, dy, vectors);
    store_gradient(grad, sum, rows, vectors);
}

static void gradient(float *grad, const void *in, const void *dy, size_t steps, size_t rows, size_t columns)
{
    if (columns > HALF_PANEL)
        gradient_of(grad, in, dy, steps, rows, VECTORS);
    else
        gradient_of(grad, in, dy, steps, rows, VECTORS / 2);
}
