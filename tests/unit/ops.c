/* nn/: small graphs of every layer against torch (tests/oracle/ops.py): outputs, log-determinants, gradients of inputs and
 * parameters; inference against training with fixed statistics; frozen parts; couplings inverted. */
#include "nn/coupling.h"
#include "nn/infer.h"
#include "nn/trainer.h"
#include "base/thread.h"
#include "formula.h"
#include "stream/npys.h"
#include "tap.h"

enum { OUTPUTS = 6, INPUTS = 3 };

/* A graph, its outputs, its inputs' sizes. */
struct example {
    const char *name;
    struct graph graph;
    size_t output[OUTPUTS], outputs;
    size_t n, side[INPUTS][2], inputs;
    const char *const *frozen, *const *fixed;
    struct safetensors weights;
};

static size_t input(struct example *e, size_t channels, size_t h, size_t w)
{
    e->side[e->inputs][0] = h;
    e->side[e->inputs++][1] = w;
    return graph_input(&e->graph, channels);
}

static size_t output(struct example *e, size_t x)
{
    return e->output[e->outputs++] = x;
}

static size_t conv(struct example *e, size_t x, const char *name, size_t out, size_t k, size_t s, size_t p,
                   bool bias)
{
    return graph_conv(&e->graph, x, name, (struct convolution){e->graph.node[x].channels, out, k, s, p},
                      bias);
}

static size_t up(struct example *e, size_t x, const char *name, size_t out, size_t k, size_t s, size_t p,
                 size_t op, bool bias)
{
    const struct convolution c = {e->graph.node[x].channels, out, k, s, p};
    return graph_transposed(&e->graph, x, name, c, op, bias);
}

static size_t conv_bn(struct example *e, size_t x, const char *name, const char *bn, size_t out, size_t k,
                      size_t s)
{
    return graph_batchnorm(&e->graph, conv(e, x, name, out, k, s, k / 2, false), bn);
}

static void pointwise(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    const size_t x = input(e, 5, 7, 6);
    const size_t y = output(e, graph_relu(g, conv(e, x, "conv1", 19, 3, 1, 1, true)));
    const size_t z = conv(e, y, "conv2", 70, 1, 1, 0, true);
    output(e, graph_relu(g, graph_add(g, z, conv(e, x, "conv3", 70, 1, 1, 0, true))));
}

static void sums(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    const size_t x = input(e, 6, 8, 8);
    const size_t z = output(e, graph_add(g, x, conv(e, x, "conv1", 6, 3, 1, 1, true)));
    const size_t p = graph_maxpool(g, z, 3, 2, 1), q = graph_batchnorm(g, z, "bn1"), m = graph_meanpool(g, z);
    output(e, graph_linear(g, m, "head", 4));
    const size_t c = conv(e, q, "conv2", 8, 3, 2, 1, true);
    output(e, graph_relu(g, graph_add(g, c, conv(e, p, "conv3", 8, 1, 1, 0, true))));
}

static void transposed(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    const size_t x = input(e, 9, 5, 4);
    const size_t y = graph_relu(g, graph_batchnorm(g, up(e, x, "up1", 70, 2, 2, 0, 0, false), "bn1"));
    const size_t z = graph_relu(g, up(e, y, "up2", 12, 3, 2, 1, 1, true));
    output(e, up(e, z, "up3", 6, 4, 2, 1, 0, true));
    output(e, up(e, x, "up4", 5, 1, 2, 0, 1, true));
    output(e, up(e, x, "up5", 7, 3, 1, 1, 0, true));
    output(e, up(e, x, "up6", 7, 2, 3, 0, 2, true));
}

static void concat(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 3;
    const size_t a = input(e, 4, 16, 12), b = input(e, 6, 8, 6), d = input(e, 10, 4, 3);
    const size_t y1 = graph_relu(g, conv_bn(e, a, "conv1", "bn1", 8, 3, 2));
    const size_t y = graph_relu(g, conv_bn(e, y1, "conv2", "bn2", 64, 3, 2));
    const size_t z = graph_relu(g, conv_bn(e, b, "conv3", "bn3", 64, 3, 2));
    const size_t all = graph_concat(g, (size_t[]){y, z, d}, 3);
    const size_t u = graph_relu(g, conv_bn(e, all, "conv4", "bn4", 20, 1, 1));
    const size_t v = conv_bn(e, u, "conv5", "bn5", 20, 3, 2);
    output(e, graph_relu(g, graph_add(g, v, conv_bn(e, all, "conv6", "bn6", 20, 1, 2))));
    output(e, conv(e, y, "conv7", 64, 3, 1, 1, true));
}

static void slices(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    const size_t x = input(e, 130, 6, 8), y = conv(e, x, "conv0", 136, 1, 1, 0, true);
    const size_t first = graph_slice(g, y, 0, 64), second = graph_slice(g, y, 64, 64),
                 rest = graph_slice(g, y, 128, 6);
    const size_t u = graph_relu(g, conv(e, first, "conv1", 64, 3, 1, 1, true));
    const size_t v = conv(e, second, "conv2", 65, 3, 2, 1, true);
    const size_t w = conv(e, graph_slice(g, rest, 2, 3), "conv3", 4, 3, 1, 1, true);
    output(e, conv(e, graph_concat(g, (size_t[]){u, first, w, u}, 4), "conv4", 6, 3, 1, 1, true));
    output(e, v);
    output(e, conv(e, graph_slice(g, x, 3, 7), "conv5", 3, 5, 1, 2, true));
}

static void fixed(struct example *e)
{
    static const char *const frozen[] = {"conv1", "bn1", NULL}, *const all[] = {"", NULL};
    struct graph *g = &e->graph;
    e->n = 2;
    e->frozen = frozen;
    e->fixed = all;
    const size_t x = input(e, 3, 9, 9), y = graph_relu(g, conv_bn(e, x, "conv1", "bn1", 8, 3, 1));
    const size_t z = output(e, graph_relu(g, graph_add(g, conv_bn(e, y, "conv2", "bn2", 8, 3, 1), y)));
    output(e, conv_bn(e, z, "conv3", "bn3", 5, 1, 1));
}

static void layernorm(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 3;
    const size_t y = graph_layernorm(g, input(e, 7, 5, 6), "norm1", 5, 6);
    output(e, graph_relu(g, conv(e, y, "conv1", 4, 3, 1, 1, true)));
    output(e, graph_layernorm(g, conv(e, y, "conv2", 6, 1, 1, 0, true), "norm2", 5, 6));
}

static void flow(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    size_t z = graph_layernorm(g, input(e, 9, 4, 5), "norm", 4, 5);
    for (size_t i = 0; i < 3; i++) {
        const size_t k = i == 1 ? 1 : 3;
        char name[3][16];
        snprintf(name[0], sizeof name[0], "subnet%zu.0", i);
        snprintf(name[1], sizeof name[1], "subnet%zu.2", i);
        snprintf(name[2], sizeof name[2], "block%zu", i);
        const size_t hidden = graph_relu(g, conv(e, graph_slice(g, z, 0, 5), name[0], 4, k, 1, k / 2, true));
        z = graph_coupling(g, z, conv(e, hidden, name[1], 8, k, 1, k / 2, true), name[2], 2.0);
    }
    output(e, z);
}

static void fibres(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 5;
    size_t z = input(e, 12, 1, 1);
    const size_t condition = input(e, 8, 1, 1);
    for (size_t i = 0; i < 2; i++) {
        char name[3][16];
        snprintf(name[0], sizeof name[0], "subnet%zu.0", i);
        snprintf(name[1], sizeof name[1], "subnet%zu.2", i);
        snprintf(name[2], sizeof name[2], "block%zu", i);
        const size_t in = graph_concat(g, (size_t[]){graph_slice(g, z, 0, 6), condition}, 2);
        const size_t hidden = graph_relu(g, graph_linear(g, in, name[0], 28));
        z = graph_coupling(g, z, graph_linear(g, hidden, name[1], 12), name[2], 1.9);
    }
    output(e, z);
}

static const struct {
    const char *name;
    void (*build)(struct example *e);
} examples[] = {{"pointwise", pointwise}, {"sums", sums},     {"transposed", transposed},
                {"concat", concat},       {"slices", slices}, {"fixed", fixed},
                {"layernorm", layernorm}, {"flow", flow},     {"fibres", fibres}};
enum { EXAMPLES = sizeof examples / sizeof *examples };

static void begin(struct example *e, size_t which)
{
    *e = (struct example){.name = examples[which].name};
    examples[which].build(e);
    fill(&e->weights, &e->graph);
}

static void end(struct example *e)
{
    safetensors_free(&e->weights);
    graph_free(&e->graph);
}

static void fill_input(const struct view *v, const struct example *e, size_t i)
{
    char name[64];
    snprintf(name, sizeof name, "%s input %zu", e->name, i);
    fill_images(v, name, 0, v->n);
}

/* Numbers in [-1, 1). */
static void fill_gradient(const struct view *v, const struct example *e, size_t i)
{
    char name[64];
    const size_t size = v->h * v->w * v->c;
    snprintf(name, sizeof name, "%s gradient %zu", e->name, i);
    float *g = xmalloc(size, sizeof *g);
    for (size_t n = 0; n < v->n; n++) {
        for (size_t j = 0; j < size; j++)
            g[j] = (float)formula(formula_seed(name), n * size + j) * 2 - 1;
        view_copy_in(v, n, g);
    }
    free(g);
}

static struct trainer *train(const struct example *e, enum dtype precision, const char *const *fixed_parts)
{
    const struct trainer_plan plan = {.output = e->output,
                                      .outputs = e->outputs,
                                      .n = e->n,
                                      .side = e->side,
                                      .precision = precision,
                                      .frozen = e->frozen,
                                      .fixed = fixed_parts,
                                      .input_gradients = true};
    struct trainer *t = trainer_new(&e->graph, &e->weights, "formula", &plan);
    for (size_t i = 0; i < e->inputs; i++) {
        const struct view in = trainer_input(t, i);
        fill_input(&in, e, i);
    }
    trainer_forward(t);
    return t;
}

static void back(struct trainer *t, const struct example *e)
{
    char name[64];
    for (size_t i = 0; i < e->outputs; i++) {
        const struct view gradient = trainer_output_gradient(t, i);
        fill_gradient(&gradient, e, i);
    }
    snprintf(name, sizeof name, "%s log", e->name);
    for (size_t n = 0; n < e->n; n++)
        trainer_log_determinant_gradients(t)[n] = -formula(formula_seed(name), n);
    trainer_backward(t);
}

/* All of a view as floats; the number of them. */
static float *floats_of(const struct view *v, size_t *size)
{
    const size_t image = v->h * v->w * v->c;
    float *all = xmalloc(v->n * image, sizeof *all);
    for (size_t n = 0; n < v->n; n++)
        view_copy_out(all + n * image, v, n);
    *size = v->n * image;
    return all;
}

/* How far a tensor is off what was dumped, in its root mean square. */
static double error_of(const float *got, size_t size, const struct npys_record *rec)
{
    char name[160];
    double norm = 0, difference = 0;
    if (size != (size_t)atol(note_get(&rec->note, "size")))
        return INFINITY;
    for (size_t i = 0; i < size; i++)
        norm += (double)got[i] * got[i];
    snprintf(name, sizeof name, "%s %s", note_get(&rec->note, "case"), note_get(&rec->note, "what"));
    for (size_t i = 0; i < 48; i++) {
        const double d =
            got[(size_t)(formula(formula_seed(name), i) * (double)size)] - tensor_get(&rec->array[0], 1 + i);
        difference += d * d;
    }
    const double want = tensor_get(&rec->array[0], 0);
    return worse(fabs(sqrt(norm) - want), sqrt(difference * (double)size / 48)) / want;
}

static float *log_determinants(const double *from, size_t n)
{
    float *out = xmalloc(n, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)from[i];
    return out;
}

/* The tensor that a record is of, from a trainer that went forward and back; NULL: there is none of this name. */
static float *named(struct trainer *t, const struct example *e, const char *what, size_t *size)
{
    size_t n, i;
    if (sscanf(what, "output %zu", &i) == 1) {
        const struct view v = trainer_output(t, i);
        return floats_of(&v, size);
    }
    if (sscanf(what, "input %zu", &i) == 1) {
        const struct view v = trainer_input_gradient(t, i);
        return floats_of(&v, size);
    }
    *size = e->n;
    if (strcmp(what, "log") == 0)
        return log_determinants(trainer_log_determinants(t), e->n);
    const struct trainer_parameter *p = trainer_parameters(t, &n);
    for (i = 0; i < n && strcmp(p[i].name, what) != 0; i++)
        ;
    if (i < n) {
        float *out = xmalloc(p[i].n, sizeof *out);
        *size = trainer_parameter_copy(t, trainer_gradients(t), &p[i], out);
        return out;
    }
    struct safetensors st = {0};
    trainer_export(t, trainer_values(t, &n), &st);
    const struct tensor *statistic = safetensors_find(&st, what);
    float *out = statistic ? xmalloc(tensor_count(statistic), sizeof *out) : NULL;
    if (out)
        tensor_to_f32(out, statistic);
    *size = out ? tensor_count(statistic) : 0;
    safetensors_free(&st);
    return out;
}

/* The worst errors of all outputs, and of all else that was dumped of an example. Outputs are read before backward, which may use
 * their memory. */
struct errors {
    double outputs, rest;
};

static struct errors worst_errors(const struct example *e, enum dtype precision,
                                  const struct npys_record *rec, size_t n)
{
    struct trainer *t = train(e, precision, e->fixed);
    struct errors worst = {0, 0};
    for (int after = 0; after < 2; after++) {
        if (after)
            back(t, e);
        for (size_t i = 0; i < n; i++) {
            size_t size;
            const char *what = note_get(&rec[i].note, "what");
            const bool of_forward = strncmp(what, "output", 6) == 0;
            if (strcmp(note_get(&rec[i].note, "case"), e->name) != 0 || of_forward == after)
                continue;
            float *got = named(t, e, what, &size);
            const double error = got ? error_of(got, size, &rec[i]) : INFINITY;
            double *of = of_forward ? &worst.outputs : &worst.rest;
            if (precision == DT_F32 && !(error < 1e-5))
                printf("# %s %s is off by %.3g\n", e->name, what, error);
            *of = worse(*of, error);
            free(got);
        }
    }
    trainer_free(t);
    return worst;
}

static size_t read_records(struct npys_record *rec, size_t most)
{
    char path[4096];
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, sizeof path, "%s/oracle/ops.npys", tests ? tests : "tests");
    FILE *f = fopen(path, "rb");
    size_t n = 0;
    if (!f)
        return 0;
    struct npys_reader *r = npys_reader_new(f, path);
    while (n < most && npys_read(r, &rec[n]))
        n++;
    npys_reader_free(r);
    fclose(f);
    return n;
}

/* In bf16 every stored number is rounded, by .0017 in the mean, and
 * Winograd's way allows .02 (tests/unit/precision.c). A gradient is no continuous function of it: what a rounding moves
 * across ReLU's kink, one in some hundred here, counts whole. */
static void against_torch(void)
{
    enum { MOST = 400 };
    struct npys_record *rec = xcalloc(MOST, sizeof *rec);
    const size_t n = read_records(rec, MOST);
    ok(n > 100, "%zu records of torch", n);
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct example e;
        begin(&e, i);
        const struct errors wide = worst_errors(&e, DT_F32, rec, n),
                            narrow = worst_errors(&e, DT_BF16, rec, n);
        ok(wide.outputs < 1e-5 && wide.rest < 1e-5, "%s equals torch's: off by %.2g, gradients by %.2g",
           e.name, wide.outputs, wide.rest);
        ok(narrow.outputs < 0.02 && narrow.rest < 0.2, "%s in bf16: off by %.2g, gradients by %.2g", e.name,
           narrow.outputs, narrow.rest);
        end(&e);
    }
    for (size_t i = 0; i < n; i++)
        npys_record_free(&rec[i]);
    free(rec);
}

static struct infer *compile(const struct example *e, size_t n)
{
    const struct infer_plan plan = {
        .wanted = e->output, .wanted_n = e->outputs, .n = n, .precision = DT_F32, .side = e->side};
    return infer_new(&e->graph, &e->weights, "formula", &plan);
}

/* Batch norm folded, sums and ReLUs in epilogues, against the same graph step by step with fixed statistics; in a batch of one
 * more, whose last image is a stranger. */
static void inference(void)
{
    static const char *const all[] = {"", NULL};
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct example e;
        double worst = 0;
        begin(&e, i);
        struct trainer *t = train(&e, DT_F32, all);
        struct infer *x = compile(&e, e.n + 1), *y = compile(&e, e.n);
        for (size_t j = 0; j < e.inputs; j++) {
            struct view in = infer_input(x, j), same = infer_input(y, j);
            fill_input(&in, &e, j);
            fill_input(&same, &e, j);
        }
        infer_run(x, e.n + 1);
        infer_run(y, e.n);
        bool bits = true;
        for (size_t j = 0; j < e.outputs; j++) {
            size_t size, more;
            const struct view want = trainer_output(t, j), got = infer_output(x, j),
                              alone = infer_output(y, j);
            float *a = floats_of(&want, &size), *b = floats_of(&got, &more), *c = floats_of(&alone, &size);
            for (size_t k = 0; k < size; k++)
                worst = worse(worst, fabs((double)a[k] - b[k]) / (1 + fabs(a[k])));
            bits &= memcmp(b, c, size * sizeof *b) == 0;
            free(a), free(b), free(c);
        }
        for (size_t n = 0; n < e.n; n++)
            worst = worse(worst, fabs(infer_log_determinants(x)[n] - trainer_log_determinants(t)[n]));
        ok(worst < 2e-5 && bits, "%s: inference, folded, equals training with fixed statistics: %.2g", e.name,
           worst);
        trainer_free(t);
        infer_free(x), infer_free(y);
        end(&e);
    }
}

/* What is frozen has no gradient; without gradients of inputs nothing below is computed, and the rest is the same. */
static void frozen(void)
{
    struct example e;
    size_t n, m;
    begin(&e, 5);
    struct trainer *t = train(&e, DT_F32, e.fixed);
    back(t, &e);
    const struct trainer_plan plan = {.output = e.output,
                                      .outputs = e.outputs,
                                      .n = e.n,
                                      .side = e.side,
                                      .precision = DT_F32,
                                      .frozen = e.frozen,
                                      .fixed = e.fixed};
    struct trainer *u = trainer_new(&e.graph, &e.weights, "formula", &plan);
    const struct view in = trainer_input(u, 0);
    fill_input(&in, &e, 0);
    trainer_forward(u);
    back(u, &e);
    const struct trainer_parameter *p = trainer_parameters(t, &n);
    bool zero = true, marked = true;
    for (size_t i = 0; i < n; i++) {
        const bool is_frozen = strncmp(p[i].name, "conv1", 5) == 0 || strncmp(p[i].name, "bn1", 3) == 0;
        marked &= p[i].trained == !is_frozen && !(is_frozen && p[i].decays);
        for (size_t j = 0; is_frozen && j < p[i].n; j++)
            zero &= trainer_gradients(t)[p[i].offset + j] == 0;
    }
    trainer_values(t, &m);
    ok(zero && marked, "frozen parameters have no gradient and no decay");
    ok(memcmp(trainer_gradients(t), trainer_gradients(u), m * sizeof(float)) == 0,
       "without the inputs' gradients the rest is the same");
    ok(trainer_input_gradient(u, 0).data == NULL && trainer_arena_bytes(u) < trainer_arena_bytes(t),
       "and takes less memory");
    trainer_free(t), trainer_free(u);
    end(&e);
}

/* y to x and back, the subnet's output being given. */
static void inverted(void)
{
    enum { C = 9, N = 2, H = 4, W = 5, A = 2 * (C / 2) };
    float gamma[C], offset[C], permutation[C], x[N * H * W * C], y[N * H * W * C], z[N * H * W * C],
        a[N * H * W * A];
    const struct coupling k = {C, 2.0f, gamma, offset, permutation};
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
    float gamma[C], offset[C], permutation[C], x[C], y[2][C], a[A];
    const struct coupling k = {C, 1.9f, gamma, offset, permutation};
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
    pool_start(2);
    against_torch();
    inference();
    frozen();
    inverted();
    log_determinant_by_differences();
    return done();
}
