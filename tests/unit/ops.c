/* nn/: small graphs of every layer against torch (tests/oracle/ops.py): outputs, log-determinants, gradients of inputs and
 * parameters; inference against training with fixed statistics; frozen parts; what is refused. */
#include "base/err.h"
#include "base/thread.h"
#include "nn/infer.h"
#include "examples.h"
#include "stream/npys.h"
#include "tap.h"
#include <sys/wait.h>
#include <unistd.h>

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

static void fill_inputs(const struct infer *x, const struct example *e)
{
    for (size_t i = 0; i < e->inputs; i++) {
        const struct view in = infer_input(x, i);
        fill_input(&in, e, i);
    }
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
        trainer_forward(t);
        for (int again = 0; again < 2; again++) { /* nothing is left of a run in the next */
            fill_inputs(x, &e);
            infer_run(x, e.n + 1);
        }
        fill_inputs(y, &e);
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

/* What a process says that trains what `spoil` makes of an example. */
static void said_of(char *said, size_t size, size_t which, void (*spoil)(struct example *e))
{
    int end[2];
    fflush(stdout);
    if (pipe(end) != 0)
        return;
    const pid_t child = fork();
    if (child == 0) {
        struct example e;
        dup2(end[1], STDERR_FILENO);
        begin(&e, which);
        spoil(&e);
        trainer_free(train(&e, DT_F32, NULL));
        _exit(0);
    }
    close(end[1]);
    const ssize_t n = read(end[0], said, size - 1);
    said[n > 0 ? n - 1 : 0] = 0; /* without the line's end */
    close(end[0]);
    waitpid(child, NULL, 0);
}

static void refused(size_t which, void (*spoil)(struct example *e), const char *words, const char *what)
{
    char said[400] = "";
    said_of(said, sizeof said, which, spoil);
    ok(strstr(said, words) != NULL, "%s: %s", what, said);
}

static void two_at_one_place(struct example *e)
{
    float *p = safetensors_find(&e->weights, "block0.permutation")->data;
    p[3] = p[5];
}

static void negative(struct example *e)
{
    ((float *)safetensors_find(&e->weights, "bn2.running_var")->data)[1] = -1e-3f;
}

static void other_size(struct example *e)
{
    e->side[0][1]++;
}

static void add_other_size(struct example *e)
{
    struct graph *g = &e->graph;
    output(e, graph_add(g, graph_input(g, 6), graph_relu(g, e->output[0])));
    e->side[1][0] = 4;
    e->side[1][1] = 8;
}

static void slice_twice(struct example *e)
{
    e->output[0] = graph_slice(&e->graph, e->output[0], 0, 3);
    e->output[1] = graph_slice(&e->graph, e->graph.node[e->output[0]].input[0], 2, 2);
}

/* conv3 is not needed, and what it has is no matter; conv2 is. */
static void add_tensor(struct example *e, const char *name)
{
    bool *needed = xcalloc(e->graph.n, sizeof *needed);
    graph_needed(&e->graph, &e->graph.node[e->output[1]].input[0], 1, needed);
    needed[e->graph.node[e->graph.node[e->output[1]].input[0]].input[1]] = false;
    safetensors_add_owned(&e->weights, name, tensor_new(DT_F32, 1, (const size_t[]){1}));
    snprintf(e->graph.arch, sizeof e->graph.arch, "example");
    weights_exact(&e->weights, "formula", &e->graph, needed);
    free(needed);
}

static void unknown_tensor(struct example *e)
{
    add_tensor(e, "conv2.se.weight");
}

static void unknown_elsewhere(struct example *e)
{
    add_tensor(e, "conv3.se.weight");
    add_tensor(e, "head.weight");
    die("none of these was refused");
}

static void refusals(void)
{
    refused(0, unknown_tensor, "formula: conv2.se.weight is no tensor of example",
            "a tensor that the network has not");
    refused(0, unknown_elsewhere, "none of these was refused", "but not where nothing runs, nor a head");
    refused(7, two_at_one_place, "block0.permutation is no order of 9 channels",
            "a permutation with a channel twice");
    refused(3, negative, "bn2.running_var holds -0.001, but a variance is not below 0",
            "a negative variance");
    refused(6, other_size, "'norm1' is for images of 5x6, not 5x7", "a layer norm of another size");
    refused(1, add_other_size, "are 4x8 and 8x8", "a sum of two sizes");
    refused(1, slice_twice, "outputs 0 and 1 share their memory", "two losses in one memory");
}

int main(void)
{
    refusals(); /* before there are threads: they would not live on in a child */
    pool_start(2);
    against_torch();
    inference();
    frozen();
    return done();
}
