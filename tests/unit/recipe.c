/* A training from its stream to its weights, on a network of two convolutions: three steps against torch and an augmented image
 * against torchvision (tests/oracle/recipe.py), each part of the recipe by what it changes, order and augmentation by epoch. */
#include "base/file.h"
#include "base/thread.h"
#include "formula.h"
#include "nn/trainer.h"
#include "stream/npys.h"
#include "stream/table.h"
#include "tap.h"
#include "train/autoaugment.h"
#include "train/feed.h"
#include "train/classifier.h"
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 16, CLASSES = 5, BATCH = 4, ACCUMULATE = 2, STEPS = 3 };

/* class Tiny of the oracle. */
static struct graph tiny(void)
{
    struct graph g = {.arch = "tiny"};
    const struct convolution first = {3, 8, 3, 2, 1}, second = {8, 8, 3, 1, 1};
    size_t x = graph_input(&g, 3);
    x = graph_relu(&g, graph_batchnorm(&g, graph_conv(&g, x, "conv1", first, false), "bn1"));
    const size_t y = graph_batchnorm(&g, graph_conv(&g, x, "conv2", second, false), "bn2");
    x = graph_meanpool(&g, graph_relu(&g, graph_add(&g, y, x)));
    graph_tap(&g, graph_linear(&g, x, "fc", CLASSES), "fc");
    return g;
}

static struct raster picture(const char *name, size_t width, size_t height)
{
    struct raster r = raster_new(width, height, 3, 255);
    for (size_t i = 0; i < raster_bytes(&r); i++)
        ((uint8_t *)r.samples)[i] = (uint8_t)(formula(formula_seed(name), i) * 256);
    return r;
}

enum labels { NONE, ONE, SEVERAL };

/* Images 0 .. n - 1 of the oracle as a stream, labelled i mod 5, or that and 3 i + 1 mod 5. */
static FILE *images(size_t n, size_t side, enum labels labels)
{
    FILE *f = tmpfile();
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "image %zu", i);
        struct raster r = picture(name, side, side);
        fprintf(f, "P7\n# name=%zu", i);
        if (labels != NONE)
            fprintf(f, "\n# label=%zu", i % CLASSES);
        if (labels == SEVERAL)
            fprintf(f, ",%zu", (3 * i + 1) % CLASSES);
        fprintf(f, "\nWIDTH %zu\nHEIGHT %zu\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n", side, side);
        fwrite(r.samples, 1, raster_bytes(&r), f);
        raster_free(&r);
    }
    rewind(f);
    return f;
}

/* Nothing by chance: images as they are, samples / 255. */
static struct augment_options as_they_are(void)
{
    struct augment_options a = augment_paper(SIDE);
    a.crop = CROP_CENTRE;
    a.norm = (struct normalisation){{0, 0, 0}, {1, 1, 1}};
    return a;
}

static struct classifier_options options(void)
{
    struct classifier_options o = {.recipe = classifier_recipe_named(CLASSIFIER_RECIPE_FERN),
                                   .loop = {.minutes = 10, .log_every = 1},
                                   .memory = 1 << 20};
    o.out = "weights";
    o.loop.log = "log";
    o.recipe.precision = CLASSIFIER_RECIPE_F32;
    o.recipe.classes = CLASSES;
    o.recipe.batch = BATCH;
    o.recipe.accumulate = ACCUMULATE;
    o.recipe.augment = as_they_are();
    o.recipe.rate.steps = STEPS;
    return o;
}

/* Trains the small network from what the file "initial" holds. */
static void run(const struct classifier_options *o, size_t count, size_t side)
{
    struct graph g = tiny();
    FILE *f = images(count, side, o->recipe.multi ? SEVERAL : ONE);
    struct classifier_options with_graph = *o;
    with_graph.graph = &g;
    classifier_train(f, "images", &with_graph);
    fclose(f);
    graph_free(&g);
}

static void write_initial(void)
{
    struct graph g = tiny();
    struct safetensors st = {0};
    fill(&st, &g);
    safetensors_write(&st, "initial");
    safetensors_free(&st);
    graph_free(&g);
}

/* Column `name` of row `row` of the log. */
static double logged(const char *name, size_t row)
{
    struct table t = {0};
    table_read(&t, "log");
    const ptrdiff_t column = table_column(&t, name);
    const double value = column >= 0 && row < t.rows ? atof(t.cell[row][column]) : NAN;
    table_free(&t);
    return value;
}

/* |got - want| / |want - before| of a tensor: a part of what the training did to it. */
static double change_error(const struct safetensors *got, const struct safetensors *before, const char *name,
                           const struct tensor *want)
{
    const struct tensor *g = safetensors_find(got, name), *b = safetensors_find(before, name);
    double off = 0, change = 0;
    if (!g || tensor_count(g) != tensor_count(want))
        return INFINITY;
    for (size_t i = 0; i < tensor_count(want); i++) {
        off += pow(tensor_get(g, i) - tensor_get(want, i), 2);
        change += pow(tensor_get(want, i) - tensor_get(b, i), 2);
    }
    return sqrt(off / change);
}

static double number(const struct npys_record *rec, const char *key)
{
    return atof(note_get(&rec->note, key));
}

static void take_recipe(struct classifier_recipe *r, const struct npys_record *rec)
{
    r->rate = (struct rate){.kind = RATE_COSINE, .base = number(rec, "rate"), .steps = STEPS};
    r->rate.final = number(rec, "floor");
    r->rate.warmup_from = number(rec, "warmup_from");
    r->warmup = number(rec, "warmup") / STEPS + 1e-9;
    r->momentum = number(rec, "momentum");
    r->decay = number(rec, "decay");
    r->decay_all = strcmp(note_get(&rec->note, "decay_all"), "true") == 0;
    r->smoothing = number(rec, "smoothing");
    r->average = number(rec, "average");
    r->multi = strcmp(note_get(&rec->note, "loss"), "multi") == 0;
}

/* Array 0 of the record are losses, 1 rates, the others tensors. */
static void three_steps(const struct npys_record *rec)
{
    struct classifier_options o = options();
    struct safetensors got = {0}, before = {0};
    char names[512];
    double loss = 0, rate = 0, weights = 0;
    size_t i = 0;
    take_recipe(&o.recipe, rec);
    o.init = "initial";
    run(&o, (size_t)STEPS * ACCUMULATE * BATCH, SIDE);
    safetensors_open(&got, o.out);
    safetensors_open(&before, o.init);
    for (size_t step = 0; step < STEPS; step++) {
        const double want = tensor_get(&rec->array[0], step), height = tensor_get(&rec->array[1], step);
        loss = worse(loss, fabs(logged("loss", step) - want) / want);
        rate = worse(rate, fabs(logged("rate", step) - height) / height);
    }
    snprintf(names, sizeof names, "%s", note_get(&rec->note, "arrays"));
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ","), i++)
        if (i >= 2)
            weights = worse(weights, change_error(&got, &before, name, &rec->array[i]));
    const char *what = note_get(&rec->note, "name");
    ok(loss < 1e-5, "%s: the losses of three steps of two batches equal torch's, worst %.2g", what, loss);
    ok(rate < 1e-5, "%s: the rates do, worst %.2g", what, rate);
    ok(i == 14 && weights < 1e-3, "%s: so does what they change in every tensor, worst %.2g of it", what,
       weights);
    safetensors_free(&got);
    safetensors_free(&before);
}

static void schedule(const struct npys_record *rec)
{
    struct rate r = {.kind = RATE_COSINE, .base = number(rec, "rate"), .final = number(rec, "floor")};
    r.steps = (size_t)number(rec, "steps");
    r.warmup = (size_t)number(rec, "warmup");
    r.warmup_from = number(rec, "warmup_from");
    double worst = 0;
    for (size_t i = 0; i < r.steps; i++)
        worst = worse(worst, fabs(rate_at(&r, i) - tensor_get(&rec->array[0], i)));
    ok(worst < 1e-12, "%s: rates equal torch's, worst %.2g", note_get(&rec->note, "name"), worst);
}

/* Everything that can be asked for without chance at once. A level is a 255th. */
static void augmented(const struct npys_record *rec)
{
    size_t width, height;
    struct augment_options o = as_they_are();
    struct augment_workspace *w = augment_workspace_new(SIDE);
    float *data = xmalloc((size_t)SIDE * SIDE * 3, sizeof *data);
    const struct view out = {data, 1, SIDE, SIDE, 3, 0, DT_F32, 0};
    char name[48];
    note_size(&rec->note, "size", &width, &height);
    snprintf(name, sizeof name, "picture %s", note_get(&rec->note, "name"));
    struct raster in = picture(name, width, height);
    o.crop = CROP_RESIZED;
    o.range = (struct crop_range){1, 1, (double)width / (double)height, (double)width / (double)height};
    o.mirror = o.flip = o.blur = 1;
    o.grey = number(rec, "grey");
    o.sigma_min = o.sigma_max = 1.1;
    o.norm = normalisation_imagenet;
    augment_image(&out, 0, &in, &o, 1, 2, 3, w);
    double worst = 0, sum = 0;
    for (size_t i = 0; i < (size_t)SIDE * SIDE * 3; i++) {
        const double level = fabs(data[i] - tensor_get(&rec->array[0], i)) * o.norm.std[i % 3] * 255;
        worst = worse(worst, level);
        sum += level / (SIDE * SIDE * 3);
    }
    ok(worst < 2.01 && sum < 0.5,
       "augment_image: %s, resized, turned, blurred, normalised as torchvision does: %.2g levels off, %.2g "
       "in the mean",
       note_get(&rec->note, "name"), worst, sum);
    augment_workspace_free(w);
    raster_free(&in);
    free(data);
}

/* 25 x 2 x operation, probability, level. */
static void policy(const struct npys_record *rec)
{
    bool same = tensor_count(&rec->array[0]) == (size_t)AUTOAUGMENT_ROWS * 2 * 3;
    for (size_t i = 0; same && i < (size_t)AUTOAUGMENT_ROWS * 2; i++) {
        const struct autoaugment_step *step = &autoaugment_imagenet[i / 2][i % 2];
        const double number[3] = {step->op, step->probability, step->level};
        for (size_t k = 0; k < 3; k++)
            same &= number[k] == tensor_get(&rec->array[0], 3 * i + k);
    }
    ok(same, "AutoAugment's rows are torchvision's");
}

static FILE *open_dumps(char path[4096])
{
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, 4096, "%s/oracle/recipe.npys", tests ? tests : "tests");
    return file_open(path);
}

static void against_torch(FILE *f, const char *path)
{
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    while (npys_read(r, &rec))
        if (note_get(&rec.note, "loss"))
            three_steps(&rec);
        else if (note_get(&rec.note, "steps"))
            schedule(&rec);
        else if (note_get(&rec.note, "rows"))
            policy(&rec);
        else
            augmented(&rec);
    ok(npys_reader_count(r) == 8, "all dumps were there");
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
}

/* Nothing moves: what comes out is what training began with. */
static struct classifier_options standing(void)
{
    struct classifier_options o = options();
    o.recipe.rate = (struct rate){.kind = RATE_CONSTANT, .base = 0, .steps = 1};
    o.recipe.accumulate = 1;
    o.recipe.warmup = 0;
    return o;
}

static bool same(const struct safetensors *a, const struct safetensors *b, const char *name)
{
    const struct tensor *x = safetensors_find(a, name), *y = safetensors_find(b, name);
    return x && y && tensor_same_shape(x, y) && !memcmp(x->data, y->data, tensor_bytes(x));
}

/* A file with one tensor of another shape, one that nobody knows, and one missing. */
static void initial(void)
{
    struct graph g = tiny();
    struct safetensors from = {0}, file = {0}, drawn = {0}, to = {0};
    struct classifier_options o = standing();
    const size_t dim[4] = {8, 8, 1, 1};
    fill(&from, &g);
    for (size_t i = 0; i < from.n; i++) {
        const char *name = from.entry[i].name;
        if (strcmp(name, "conv2.weight") != 0)
            safetensors_add(&file, strcmp(name, "fc.bias") ? name : "nobody.knows", &from.entry[i].tensor);
    }
    struct tensor small = tensor_new(DT_F32, 4, dim);
    memset(small.data, 0, tensor_bytes(&small));
    safetensors_add_owned(&file, "conv2.weight", small);
    safetensors_write(&file, "partial");
    weights_random(&drawn, &g, "", o.recipe.seed);
    o.init = "partial";
    run(&o, BATCH, SIDE);
    safetensors_open(&to, o.out);
    ok(same(&to, &file, "conv1.weight") && same(&to, &file, "bn2.bias") && same(&to, &file, "fc.weight"),
       "--init: what fits is taken");
    ok(same(&to, &drawn, "conv2.weight") && same(&to, &drawn, "fc.bias"),
       "another shape, or none: drawn from the seed");
    safetensors_free(&to);
    safetensors_free(&drawn);
    safetensors_free(&file);
    safetensors_free(&from);
    graph_free(&g);
}

/* The loss of one step at rate 0, seen by another way: mix_batch and the loss by hand. */
static void mixing(void)
{
    struct classifier_options o = standing();
    struct graph g = tiny();
    struct safetensors st = {0};
    struct loss_target target[BATCH];
    o.recipe.mix = (struct mix_options){1, 0, 1, 1};
    o.recipe.seed = 2;
    o.init = "initial";
    run(&o, BATCH, SIDE);
    const double got = logged("loss", 0), correct = logged("accuracy", 0);
    fill(&st, &g);
    const size_t output = (size_t)graph_find_tap(&g, "fc");
    const struct trainer_plan plan = {
        .output = &output, .outputs = 1, .n = BATCH, .h = SIDE, .w = SIDE, .precision = DT_F32};
    struct trainer *t = trainer_new(&g, &st, "formula", &plan);
    const struct view in = trainer_input(t, 0);
    for (size_t i = 0; i < BATCH; i++) {
        char name[32];
        snprintf(name, sizeof name, "image %zu", i);
        struct raster r = picture(name, SIDE, SIDE);
        normalise(&in, i, &r, &o.recipe.augment.norm);
        raster_free(&r);
        target[i] = (struct loss_target){i % CLASSES, i % CLASSES, 1};
    }
    mix_batch(&in, target, &o.recipe.mix, 2, 0);
    trainer_forward(t);
    const struct view logits = trainer_output(t, 0), gradient = trainer_output_gradient(t, 0);
    const struct loss want = loss_cross_entropy(&gradient, &logits, target, o.recipe.smoothing, 1);
    ok(target[0].lambda < 1 && fabs(got - want.value) < 1e-5 * want.value,
       "a mixed batch's loss is that of mixed images and labels");
    ok_close(correct, (double)want.correct / BATCH, 1e-4, "so is its accuracy");
    o.recipe.mix.probability = 0;
    run(&o, BATCH, SIDE);
    ok(fabs(logged("loss", 0) - got) > 1e-4, "without --mix it is another one");
    trainer_free(t);
    safetensors_free(&st);
    graph_free(&g);
}

/* At rate 0 and without chance, every epoch has the loss of the one before, in another order; by chance another one. */
static void epochs(void)
{
    struct classifier_options o = standing();
    o.epochs = 3;
    o.recipe.rate.steps = 0;
    o.init = "initial";
    run(&o, BATCH, SIDE);
    ok(fabs(logged("loss", 0) - logged("loss", 2)) < 1e-5,
       "a batch of all images as they are: the same loss in every epoch");
    o.recipe.augment.crop = CROP_RANDOM;
    run(&o, BATCH, SIDE + 8);
    ok(fabs(logged("loss", 0) - logged("loss", 1)) > 1e-5 &&
           fabs(logged("loss", 1) - logged("loss", 2)) > 1e-5,
       "cropped by chance: another one in each");
}

/* Indices of a held set's samples as they are dealt out. */
static void orders(void)
{
    enum { N = 12, EPOCHS = 3 };
    size_t order[EPOCHS][N], seen[EPOCHS][N] = {{0}};
    FILE *f = images(N, SIDE, ONE);
    const struct feed_options o = {.hold = true, .batch = BATCH, .memory = 1 << 20, .seed = 4};
    struct feed *feed = feed_new(f, "images", &o);
    for (size_t i = 0; i < (size_t)EPOCHS * N / BATCH; i++) {
        const struct feed_sample *s = feed_batch(feed);
        for (size_t j = 0; j < BATCH; j++) {
            const size_t at = i * BATCH + j;
            order[at / N][at % N] = s[j].index;
            seen[at / N][s[j].index]++;
        }
    }
    bool once = true;
    for (size_t i = 0; i < (size_t)EPOCHS * N; i++)
        once &= seen[i / N][i % N] == 1;
    ok(once, "each epoch deals every image out once");
    ok(memcmp(order[0], order[1], sizeof order[0]) && memcmp(order[1], order[2], sizeof order[0]),
       "each in an order of its own");
    feed_free(feed);
    fclose(f);
}

/* What lies behind the images of the last step is none of our business, broken or not. */
static void behind(void)
{
    struct classifier_options o = standing();
    struct graph g = tiny();
    FILE *f = images(BATCH, SIDE, ONE);
    fseek(f, 0, SEEK_END);
    fputs("P7\nthis is no image", f);
    rewind(f);
    o.graph = &g;
    unlink("weights");
    classifier_train(f, "images", &o);
    ok(access("weights", F_OK) == 0, "a stream is read as far as the last step needs it");
    fclose(f);
    graph_free(&g);
}

/* Streams for methods that want no labels, as they come and held. */
static void unlabelled(void)
{
    for (int hold = 0; hold < 2; hold++) {
        FILE *f = images(2 * BATCH, SIDE, hold ? NONE : SEVERAL);
        const struct feed_options o = {
            .hold = hold, .unlabelled = true, .batch = BATCH, .batches = 1, .memory = 1 << 20};
        struct feed *feed = feed_new(f, "images", &o);
        const struct feed_sample *s = feed_batch(feed);
        bool none = s != NULL;
        for (size_t i = 0; s && i < BATCH; i++)
            none &= s[i].labels == 0 && s[i].raster.width == SIDE;
        ok(hold || !feed_batch(feed), "no more batches of a stream than were asked for");
        ok(none && feed_classes(feed) == 0, "unlabelled images %s: samples without labels",
           hold ? "held" : "as they come, labels unread");
        feed_free(feed);
        fclose(f);
    }
}

/* A stream that ends in step 3 of 3 ends a training with a checkpoint; with the whole stream it goes on. Every part of the
 * state counts: velocity, moving average, running statistics. Before the pool has threads, which a fork would lose. */
static void interrupted(void)
{
    struct classifier_options o = options();
    struct safetensors whole = {0}, resumed = {0};
    int status = 0;
    o.recipe.rate.base = 0.5;
    o.recipe.average = 0.6;
    o.recipe.mix.probability = 1;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        o.loop.checkpoint = "checkpoint";
        o.loop.every = 1;
        if (freopen("log", "w", stderr))
            run(&o, 2 * ACCUMULATE * BATCH + 1, SIDE);
        _exit(9);
    }
    waitpid(child, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 1 && access("checkpoint", F_OK) == 0,
       "a stream that ends too early leaves a checkpoint");
    run(&o, (size_t)STEPS * ACCUMULATE * BATCH, SIDE);
    safetensors_open(&whole, "weights");
    unlink("weights");
    o.loop = (struct loop_options){.checkpoint = "checkpoint", .resume = true, .minutes = 10, .log_every = 1};
    run(&o, (size_t)STEPS * ACCUMULATE * BATCH, SIDE);
    safetensors_open(&resumed, "weights");
    ok(safetensors_hash(&whole) == safetensors_hash(&resumed) && access("checkpoint", F_OK) != 0,
       "resumed with all of it: the same weights");
    safetensors_free(&whole);
    safetensors_free(&resumed);
}

/* In a folder of its own. */
int main(void)
{
    char folder[] = "/tmp/recipe.XXXXXX", path[4096];
    static const char *const files[] = {"weights", "log", "initial", "partial"};
    FILE *dumps = open_dumps(path);
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    interrupted();
    pool_start(2);
    write_initial();
    against_torch(dumps, path);
    initial();
    mixing();
    epochs();
    orders();
    unlabelled();
    behind();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    rmdir(folder);
    return done();
}
